-- Who did what, what it cost, and which candidate mends which. All derived from events.

ALTER TABLE iterations ADD COLUMN planner TEXT;   -- who planned it; none: the built-in planner
ALTER TABLE candidates ADD COLUMN author TEXT;    -- who wrote it; none: the built-in executor
ALTER TABLE candidates ADD COLUMN repairs TEXT;   -- the candidate of the same arm that it mends
ALTER TABLE arms ADD COLUMN unmended TEXT;        -- why the last attempt to mend its candidate brought nothing

CREATE TABLE work (
    campaign          TEXT NOT NULL,
    seq               INTEGER NOT NULL,           -- the event that it led to
    position          INTEGER NOT NULL,
    iteration         INTEGER NOT NULL,
    role              TEXT NOT NULL CHECK (role IN ('plan', 'implement', 'repair', 'extract', 'summarise')),
    author            TEXT NOT NULL,
    calls             INTEGER NOT NULL CHECK (calls >= 0),
    uncounted         INTEGER NOT NULL CHECK (uncounted >= 0), -- calls whose tokens nobody counted
    prompt_tokens     INTEGER NOT NULL CHECK (prompt_tokens >= 0),
    cached_tokens     INTEGER NOT NULL CHECK (cached_tokens >= 0),
    completion_tokens INTEGER NOT NULL CHECK (completion_tokens >= 0),
    reasoning_tokens  INTEGER NOT NULL CHECK (reasoning_tokens >= 0),
    usd               REAL,                       -- null: unknown, which is not the same as nothing
    PRIMARY KEY (campaign, seq, position),
    FOREIGN KEY (campaign, seq) REFERENCES events (campaign, seq)
) STRICT;
