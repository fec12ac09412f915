-- Simplicity is how many tokens a candidate's source has, no longer how many of its constants somebody could count.

ALTER TABLE candidates RENAME COLUMN free_parameters TO description_length;   -- tokens
