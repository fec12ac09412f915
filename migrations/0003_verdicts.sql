-- Verdicts are given on fresh seeds of each iteration, which are looked at again and again until they decide.

ALTER TABLE arms ADD COLUMN seeds INTEGER;   -- verdict seeds that the effect rests on

-- As `trials`, but on the verdict seeds of one iteration, by which nothing was chosen.
CREATE TABLE verdict_trials (
    campaign             TEXT NOT NULL,
    iteration            INTEGER NOT NULL,
    policy               TEXT NOT NULL,         -- a candidate's id, `baseline` or `reference`
    scenario             TEXT NOT NULL,
    seed                 INTEGER NOT NULL CHECK (seed >= 0), -- the position of the seed
    seq                  INTEGER NOT NULL,      -- the event that hashes it
    ttft_mean_us         REAL,
    ttft_p90_us          REAL,
    ttft_p99_us          REAL,
    e2e_mean_us          REAL,
    e2e_p90_us           REAL,
    drift                REAL,
    critical_requests    INTEGER NOT NULL CHECK (critical_requests >= 0),
    protected_rejections INTEGER NOT NULL CHECK (protected_rejections >= 0),
    droppable_requests   INTEGER NOT NULL CHECK (droppable_requests >= 0),
    droppable_work       INTEGER NOT NULL CHECK (droppable_work >= 0),
    refused_requests     INTEGER NOT NULL CHECK (refused_requests >= 0),
    refused_work         INTEGER NOT NULL CHECK (refused_work >= 0),
    output_tokens        INTEGER NOT NULL CHECK (output_tokens >= 0),
    PRIMARY KEY (campaign, iteration, policy, scenario, seed),
    FOREIGN KEY (campaign, seq) REFERENCES events (campaign, seq),
    FOREIGN KEY (campaign, scenario) REFERENCES scenarios (campaign, name),
    FOREIGN KEY (campaign, iteration) REFERENCES iterations (campaign, number)
) STRICT;
