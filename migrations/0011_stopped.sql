-- A variant of an idea that lies too far behind after a part of the panel is stopped there, which is an outcome.

-- Who reads the column goes first; it comes back as it was.
DROP VIEW v_candidates;
ALTER TABLE candidates RENAME COLUMN outcome TO outcome_before;
ALTER TABLE candidates ADD COLUMN outcome TEXT
    CHECK (outcome IN ('scored', 'refused', 'does-not-compile', 'denied', 'timeout', 'crashed', 'out-of-memory',
                       'inconsistent', 'no-scale', 'stopped'));
UPDATE candidates SET outcome = outcome_before;
ALTER TABLE candidates DROP COLUMN outcome_before;

CREATE VIEW v_candidates AS
SELECT d.campaign, d.id AS candidate, d.iteration, 'F' || d.iteration || '.' || d.arm AS finding, d.parent, d.repairs,
       coalesce(d.author, 'built-in') AS author, datetime(e.at_ms / 1000, 'unixepoch') AS written,
       d.outcome, d.admissible, d.scale, d.description_length, d.acts_like, d.point,
       gain.figure AS gain_is, gain.value AS gain, cost.figure AS cost_is, cost.value AS cost,
       worth.figure AS worth_is, worth.value AS worth, d.regret AS regret_points, d.descriptor, d.message,
       d.seq AS written_seq, d.evaluated_seq
FROM candidates d
JOIN events e ON e.campaign = d.campaign AND e.seq = d.seq
JOIN events s ON s.campaign = d.campaign AND s.seq = 0
LEFT JOIN scores gain ON gain.campaign = d.campaign AND gain.candidate = d.id
    AND gain.figure = json_extract(s.payload, '$.spec.aim.gain.name')
LEFT JOIN scores cost ON cost.campaign = d.campaign AND cost.candidate = d.id
    AND cost.figure = json_extract(s.payload, '$.spec.aim.cost.name')
LEFT JOIN scores worth ON worth.campaign = d.campaign AND worth.candidate = d.id
    AND worth.figure = json_extract(s.payload, '$.spec.aim.worth.name');
