-- What events mean is in the digest; their words and the diagnostics of outcomes stand beside it in a chain of their own, and
-- so do observations. Where the three chains end is kept in `campaigns`, so that what was cut off is missed.
--
-- Null: of a campaign that was recorded under rules 1, which knew none of this. Such a campaign is listed and not read.
--
-- `trials` and `verdict_trials` are kept for people. The program reads those of the yardsticks, when it takes up a campaign;
-- all of them are held against the hash in their event by `elenchus doctor --state`.

ALTER TABLE campaigns ADD COLUMN rules INTEGER NOT NULL DEFAULT 1; -- that it is recorded under
ALTER TABLE campaigns ADD COLUMN log_length INTEGER;               -- events
ALTER TABLE campaigns ADD COLUMN log_digest TEXT;                  -- of the last event
ALTER TABLE campaigns ADD COLUMN words_digest TEXT;                -- of the last event
ALTER TABLE campaigns ADD COLUMN observed_length INTEGER;          -- observations
ALTER TABLE campaigns ADD COLUMN observed_digest TEXT;             -- of the last one

ALTER TABLE events ADD COLUMN words TEXT;          -- JSON
ALTER TABLE events ADD COLUMN words_digest TEXT;   -- blake3(words_digest of the event before || at_ms || words)

ALTER TABLE observations ADD COLUMN position INTEGER; -- in order of arrival, from 0
ALTER TABLE observations ADD COLUMN digest TEXT;   -- blake3(digest of the one before || this one, see observations.rs)
CREATE UNIQUE INDEX observations_in_order ON observations (campaign, position);
