-- The scale of a candidate is set before anything is judged; where there is no such place, that is an outcome.
--
-- This runs on databases without a campaign only: those in which an earlier version has recorded campaigns are refused.

ALTER TABLE candidates DROP COLUMN outcome;
ALTER TABLE candidates ADD COLUMN outcome TEXT
    CHECK (outcome IN ('scored', 'refused', 'does-not-compile', 'denied', 'timeout', 'crashed', 'out-of-memory',
                       'inconsistent', 'no-scale'));
ALTER TABLE candidates ADD COLUMN scale REAL;   -- the value at which it gains as much as the reference; none: it has no scale
