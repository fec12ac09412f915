-- Claims are judged on workloads that are drawn for it: the rows behind which another one stands at every verdict seed have names, too.
--
-- This runs on databases without a campaign only: those in which an earlier version has recorded campaigns are refused.

ALTER TABLE scenarios ADD COLUMN part TEXT NOT NULL DEFAULT 'study' CHECK (part IN ('study', 'training', 'verdicts'));
