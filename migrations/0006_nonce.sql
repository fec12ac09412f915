-- A campaign's seeds derive from a nonce of 128 bits; null for campaigns that were recorded under earlier rules.

ALTER TABLE campaigns DROP COLUMN seed;
ALTER TABLE campaigns ADD COLUMN nonce TEXT; -- 32 hexadecimal digits
