-- Derived tables for any problem. What a trial yields, what a score says and what a claim is about have the names that the
-- problem's spec gives them; it stands in the `started` event.
--
-- This runs on databases without a campaign only: those in which an earlier version has recorded campaigns are refused.
--
-- Only `measured` and `candidates.message` hold what events hash or leave out. The program reads the yardsticks' rows of
-- `measured` when it takes up a campaign; all of them are held against the hash in their event by `elenchus doctor --state`.

DROP TABLE trials;
DROP TABLE verdict_trials;

DROP TABLE arms;
CREATE TABLE arms (
    campaign   TEXT NOT NULL,
    iteration  INTEGER NOT NULL,
    name       TEXT NOT NULL,
    position   INTEGER NOT NULL,
    kind       TEXT NOT NULL
        CHECK (kind IN ('main', 'ablation', 'super-additivity', 'control-negative', 'robustness')),
    hypothesis TEXT NOT NULL,
    mechanism  TEXT NOT NULL,
    diagnostic TEXT NOT NULL,
    intent     TEXT NOT NULL,
    metric     TEXT NOT NULL,                   -- what the claim is about, by its name in the spec
    claim      TEXT NOT NULL,                   -- the prediction in words
    confidence REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    candidate  TEXT,                            -- what the executor wrote
    unmended   TEXT,                            -- why the last attempt to mend its candidate brought nothing
    verdict    TEXT CHECK (verdict IN ('confirmed', 'partially-confirmed', 'refuted', 'inconclusive', 'invalid')),
    error      TEXT CHECK (error IN ('direction', 'magnitude', 'regime')),
    effect     REAL,                            -- in the metric's unit, as are its ends
    low        REAL,
    high       REAL,
    seeds      INTEGER,                         -- verdict seeds that the effect rests on
    reason     TEXT,                            -- the verdict in words
    skipped    TEXT,                            -- why it was not tried
    judged_seq INTEGER,                         -- the event that settled it
    PRIMARY KEY (campaign, iteration, name),
    UNIQUE (campaign, iteration, position),
    FOREIGN KEY (campaign, iteration) REFERENCES iterations (campaign, number),
    FOREIGN KEY (campaign, candidate) REFERENCES candidates (campaign, id),
    FOREIGN KEY (campaign, judged_seq) REFERENCES events (campaign, seq),
    CHECK (verdict IS NULL OR skipped IS NULL),
    CHECK ((verdict IS NULL) = (reason IS NULL))
) STRICT;

ALTER TABLE candidates DROP COLUMN improvement;
ALTER TABLE candidates DROP COLUMN extra_shed_work;
ALTER TABLE candidates DROP COLUMN net_saving;
ALTER TABLE candidates RENAME COLUMN feasible TO admissible;

-- What one trial yields.
CREATE TABLE metrics (
    campaign TEXT NOT NULL REFERENCES campaigns (id),
    position INTEGER NOT NULL,
    name     TEXT NOT NULL,
    unit     TEXT NOT NULL,
    meaning  TEXT NOT NULL,
    PRIMARY KEY (campaign, position),
    UNIQUE (campaign, name)
) STRICT;

-- One policy on one scenario with one seed.
CREATE TABLE measured (
    campaign  TEXT NOT NULL,
    policy    TEXT NOT NULL,                    -- a candidate's id, or the name of a yardstick: `baseline`, `reference` ...
    scenario  TEXT NOT NULL,
    seed      INTEGER NOT NULL CHECK (seed >= 0), -- the position of the seed
    iteration INTEGER,                          -- whose verdict seeds these are, by which nothing was chosen; null: search seeds
    seq       INTEGER NOT NULL,                 -- the event that hashes it
    trial     TEXT NOT NULL CHECK (json_valid(trial)), -- an array in the order of `metrics`; null: not a finite number
    FOREIGN KEY (campaign, seq) REFERENCES events (campaign, seq),
    FOREIGN KEY (campaign, scenario) REFERENCES scenarios (campaign, name),
    FOREIGN KEY (campaign, iteration) REFERENCES iterations (campaign, number)
) STRICT;
CREATE UNIQUE INDEX measured_once ON measured (campaign, policy, ifnull(iteration, 0), scenario, seed);

-- What all trials of a candidate say: gain, cost, their ratio and worth by the names of the spec's aim, and its figures.
CREATE TABLE scores (
    campaign  TEXT NOT NULL,
    candidate TEXT NOT NULL,
    figure    TEXT NOT NULL,
    value     REAL,                             -- null: not defined for this candidate
    PRIMARY KEY (campaign, candidate, figure),
    FOREIGN KEY (campaign, candidate) REFERENCES candidates (campaign, id)
) STRICT;

-- `measured` by the names of metrics, for people.
CREATE VIEW trial_values AS
SELECT campaign, policy, scenario, seed, iteration, name AS metric, trial ->> position AS value
FROM measured JOIN metrics USING (campaign);
