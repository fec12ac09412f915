-- The lineage of campaigns. Migrations are append-only: never edit or renumber one, add the next.
--
-- Ground truth: `campaigns`, `events`, `observations`, `files`, `inputs`. All other tables are derived: they say what the
-- events imply, for people and reports, and are written in the transaction of the event named by their `seq`. Only
-- `trials` and `candidates.message` hold what events hash or leave out.
--
-- Words of closed sets are checked where the table is derived and so could be made again; `events.kind` and
-- `observations.kind` are not, since a new kind must not need a rebuilt log.

CREATE TABLE campaigns (
    id            TEXT PRIMARY KEY NOT NULL,
    name          TEXT NOT NULL,                -- the experiment's
    directory     TEXT NOT NULL,                -- where it lay; for people only
    seed          INTEGER NOT NULL,             -- 64 bits; one above 2^63 shows as negative
    agents        TEXT NOT NULL,
    toolchain     TEXT NOT NULL,
    version       TEXT NOT NULL,
    sandboxed     INTEGER NOT NULL CHECK (sandboxed IN (0, 1)),
    created_at_ms INTEGER NOT NULL,
    ended         TEXT                          -- why, if it has ended (derived)
) STRICT;

CREATE TABLE events (
    campaign TEXT NOT NULL REFERENCES campaigns (id),
    seq      INTEGER NOT NULL CHECK (seq >= 0),
    kind     TEXT NOT NULL,
    payload  TEXT NOT NULL,                     -- JSON
    digest   TEXT NOT NULL CHECK (length(digest) = 64), -- blake3(digest of the event before || kind || payload)
    at_ms    INTEGER NOT NULL,
    PRIMARY KEY (campaign, seq)
) STRICT;

CREATE TABLE observations (
    campaign TEXT NOT NULL REFERENCES campaigns (id),
    key      TEXT NOT NULL,                     -- hash of everything that was asked
    ordinal  INTEGER NOT NULL CHECK (ordinal >= 0),
    kind     TEXT NOT NULL,
    payload  TEXT NOT NULL,
    at_ms    INTEGER NOT NULL,
    PRIMARY KEY (campaign, key, ordinal)
) STRICT;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
CREATE TRIGGER observations_are_never_changed BEFORE UPDATE ON observations
BEGIN SELECT RAISE(ABORT, 'observations are never changed'); END;
CREATE TRIGGER observations_are_never_deleted BEFORE DELETE ON observations
BEGIN SELECT RAISE(ABORT, 'observations are never deleted'); END;

CREATE TABLE files (
    hash TEXT PRIMARY KEY NOT NULL CHECK (length(hash) = 64),
    text TEXT NOT NULL
) STRICT;

CREATE TABLE inputs (
    campaign TEXT NOT NULL REFERENCES campaigns (id),
    path     TEXT NOT NULL,                     -- relative to the experiment's directory
    hash     TEXT NOT NULL REFERENCES files (hash),
    PRIMARY KEY (campaign, path)
) STRICT;

CREATE TABLE scenarios (
    campaign TEXT NOT NULL REFERENCES campaigns (id),
    position INTEGER NOT NULL,
    name     TEXT NOT NULL,
    PRIMARY KEY (campaign, name)
) STRICT;

CREATE TABLE iterations (
    campaign          TEXT NOT NULL,
    number            INTEGER NOT NULL CHECK (number >= 1),
    seq               INTEGER NOT NULL,         -- the event that opened it
    question          TEXT,
    departs_from      TEXT CHECK (departs_from IN ('baseline', 'reference', 'arm', 'candidate')),
    parent            TEXT,                     -- the candidate, if it departs from one
    failure           TEXT,                     -- why the planner gave no bundle
    volume            REAL,                     -- share of the design space left at its end
    champion          TEXT,                     -- at its end
    matches_reference INTEGER CHECK (matches_reference IN (0, 1)),
    PRIMARY KEY (campaign, number),
    FOREIGN KEY (campaign, seq) REFERENCES events (campaign, seq),
    FOREIGN KEY (campaign, parent) REFERENCES candidates (campaign, id),
    FOREIGN KEY (campaign, champion) REFERENCES candidates (campaign, id),
    CHECK ((question IS NULL) <> (failure IS NULL))
) STRICT;

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
    metric     TEXT NOT NULL CHECK (metric IN ('net saving', 'improvement', 'extra shed work', 'extra shed rate',
                                               'TTFT p90 gain', 'E2E mean gain', 'E2E p90 gain')),
    claim      TEXT NOT NULL,                   -- the prediction in words
    confidence REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    candidate  TEXT,                            -- what the executor wrote
    verdict    TEXT CHECK (verdict IN ('confirmed', 'partially-confirmed', 'refuted', 'inconclusive', 'invalid')),
    error      TEXT CHECK (error IN ('direction', 'magnitude', 'regime')),
    effect     REAL,
    low        REAL,
    high       REAL,
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

CREATE TABLE candidates (
    campaign        TEXT NOT NULL,
    id              TEXT NOT NULL,
    seq             INTEGER NOT NULL,           -- the event that wrote it
    source          TEXT NOT NULL REFERENCES files (hash),
    parent          TEXT,                       -- none: it departs from the reference
    iteration       INTEGER NOT NULL,           -- where it was first written
    arm             TEXT NOT NULL,
    point           TEXT,                       -- JSON: its declared place in the design space
    free_parameters INTEGER,
    evaluated_seq   INTEGER,                    -- the event that says what became of it
    outcome         TEXT CHECK (outcome IN ('scored', 'refused', 'does-not-compile', 'denied', 'timeout', 'crashed',
                                            'out-of-memory', 'inconsistent')),
    descriptor      TEXT,                       -- JSON: what probing it found
    acts_like       TEXT,                       -- the earlier candidate whose measurement it took over
    message         TEXT,                       -- diagnostics of the outcome; outside of the digest
    improvement     REAL,
    extra_shed_work REAL,
    net_saving      REAL,
    regret          REAL,
    feasible        INTEGER CHECK (feasible IN (0, 1)),
    PRIMARY KEY (campaign, id),
    FOREIGN KEY (campaign, seq) REFERENCES events (campaign, seq),
    FOREIGN KEY (campaign, evaluated_seq) REFERENCES events (campaign, seq),
    FOREIGN KEY (campaign, parent) REFERENCES candidates (campaign, id),
    FOREIGN KEY (campaign, acts_like) REFERENCES candidates (campaign, id),
    FOREIGN KEY (campaign, iteration, arm) REFERENCES arms (campaign, iteration, name)
) STRICT;

-- A real that is not a number is NULL: SQLite has no other way to say so.
CREATE TABLE trials (
    campaign             TEXT NOT NULL,
    policy               TEXT NOT NULL,         -- a candidate's id, or `baseline`, `reference` ...
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
    PRIMARY KEY (campaign, policy, scenario, seed),
    FOREIGN KEY (campaign, seq) REFERENCES events (campaign, seq),
    FOREIGN KEY (campaign, scenario) REFERENCES scenarios (campaign, name)
) STRICT;

CREATE TABLE principles (
    campaign    TEXT NOT NULL,
    id          TEXT NOT NULL,
    seq         INTEGER NOT NULL,               -- the event that last changed it
    statement   TEXT NOT NULL,
    mechanism   TEXT NOT NULL,
    regime      TEXT NOT NULL,
    confidence  TEXT NOT NULL CHECK (confidence IN ('provisional', 'established')),
    status      TEXT NOT NULL CHECK (status IN ('active', 'retired')),
    retired_for TEXT,
    excludes    TEXT,                           -- JSON: what it forbids
    PRIMARY KEY (campaign, id),
    FOREIGN KEY (campaign, seq) REFERENCES events (campaign, seq)
) STRICT;

CREATE TABLE evidence (
    campaign  TEXT NOT NULL,
    principle TEXT NOT NULL,
    position  INTEGER NOT NULL,
    finding   TEXT NOT NULL,                    -- as cited, `F<iteration>.<arm>`
    iteration INTEGER,                          -- null if what is cited does not exist
    arm       TEXT,
    PRIMARY KEY (campaign, principle, position),
    FOREIGN KEY (campaign, principle) REFERENCES principles (campaign, id),
    FOREIGN KEY (campaign, iteration, arm) REFERENCES arms (campaign, iteration, name)
) STRICT;
