-- Views for people and their tools: what the tables and events say, in one place each and by names that need no manual. The
-- program reads none of them, so nothing that somebody writes here changes a result.
--
-- A finding is cited as `F<iteration>.<arm>`. Points are 0.01 log units. Times are UTC. Null is what is not known.

-- Each campaign, and what came of it.
CREATE VIEW v_campaigns AS
SELECT c.id AS campaign, c.name AS experiment, c.agents,
       datetime(c.created_at_ms / 1000, 'unixepoch') AS opened,
       datetime((SELECT max(at_ms) FROM events e WHERE e.campaign = c.id) / 1000, 'unixepoch') AS last_event,
       c.log_length AS events, coalesce(c.ended, 'running or stopped') AS state,
       (SELECT count(*) FROM iterations i WHERE i.campaign = c.id AND i.volume IS NOT NULL) AS iterations,
       (SELECT count(*) FROM candidates d WHERE d.campaign = c.id) AS candidates,
       (SELECT i.champion FROM iterations i WHERE i.campaign = c.id AND i.volume IS NOT NULL ORDER BY i.number DESC LIMIT 1)
           AS champion_of_search,
       c.sandboxed, c.toolchain, c.version
FROM campaigns c;

-- Each candidate with its score on the search panel. Gain, cost and worth have the names that the problem gives them.
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

-- Each candidate and the reference in each workload of the search panel, beside the baseline on the same arrivals; means over
-- seeds. `part` is `study` for the experiment's own scenarios and `training` for drawn workloads.
CREATE VIEW v_panel AS
WITH measured_by_event AS (
    SELECT campaign, json_extract(payload, '$.candidate') AS policy, json_extract(payload, '$.measurement.cells') AS cells
    FROM events WHERE kind = 'candidate-evaluated' AND json_extract(payload, '$.measurement') IS NOT NULL
    UNION ALL
    SELECT campaign, 'reference', json_extract(payload, '$.yardsticks.reference.cells') FROM events WHERE kind = 'calibrated'
)
SELECT m.campaign, m.policy, w.name AS workload, w.part, count(*) AS seeds,
       100 * avg(json_extract(cell.value, '$.gain')) AS gain_points,
       avg(json_extract(cell.value, '$.cost')) AS cost,
       sum(json_extract(cell.value, '$.violations')) AS violations
FROM measured_by_event m, json_each(m.cells) AS line, json_each(line.value) AS cell
JOIN scenarios w ON w.campaign = m.campaign AND w.position = line.key AND w.part <> 'verdicts'
GROUP BY m.campaign, m.policy, w.position;

-- The same for candidates alone, held against the reference in the same workload.
CREATE VIEW v_workloads AS
SELECT own.campaign, own.policy AS candidate, own.workload, own.part, own.seeds, own.gain_points, own.cost, own.violations,
       reference.gain_points AS reference_gain_points, reference.cost AS reference_cost,
       own.gain_points - reference.gain_points AS gain_over_reference_points,
       own.cost - reference.cost AS cost_over_reference
FROM v_panel own
JOIN v_panel reference ON reference.campaign = own.campaign AND reference.workload = own.workload
    AND reference.policy = 'reference'
WHERE own.policy <> 'reference';

-- Each claim and what came of it.
CREATE VIEW v_claims AS
SELECT a.campaign, 'F' || a.iteration || '.' || a.name AS finding, a.iteration, a.kind, i.question, a.hypothesis, a.mechanism,
       a.diagnostic, a.metric, a.claim, a.confidence, coalesce(a.verdict, iif(a.skipped IS NULL, 'open', 'skipped')) AS verdict,
       a.error, a.effect, a.low, a.high, a.seeds, coalesce(a.reason, a.skipped) AS why, a.candidate,
       coalesce(i.planner, 'built-in') AS planner, i.seq AS registered_seq, a.judged_seq
FROM arms a
JOIN iterations i ON i.campaign = a.campaign AND i.number = a.iteration;

-- Each principle with the findings that it rests on.
CREATE VIEW v_principles AS
SELECT p.campaign, p.id AS principle, p.statement, p.regime, p.mechanism, p.confidence, p.status, p.retired_for, p.excludes,
       (SELECT group_concat(e.finding || ' ' || coalesce(a.verdict, 'unknown'), ', ')
        FROM evidence e
        LEFT JOIN arms a ON a.campaign = e.campaign AND a.iteration = e.iteration AND a.name = e.arm
        WHERE e.campaign = p.campaign AND e.principle = p.id) AS evidence,
       p.seq AS changed_seq
FROM principles p;

-- Each look under the seal.
CREATE VIEW v_sealed AS
SELECT campaign, json_extract(payload, '$.number') AS look, json_extract(payload, '$.champion') AS champion,
       json_extract(payload, '$.look.worth.value') AS worth,
       json_extract(payload, '$.look.worth.interval[0]') AS low, json_extract(payload, '$.look.worth.interval[1]') AS high,
       json_extract(payload, '$.look.study.value') AS study, json_extract(payload, '$.look.drawn') AS drawn_workloads,
       (SELECT min(json_extract(value, '$.holds')) FROM json_each(payload, '$.look.tests')) AS holds,
       (SELECT group_concat(json_extract(value, '$.requirement'), '; ') FROM json_each(payload, '$.look.tests')
        WHERE NOT json_extract(value, '$.holds')) AS fails,
       datetime(at_ms / 1000, 'unixepoch') AS taken
FROM observations WHERE kind = 'sealed-look';

-- Each requirement of each look, with the margin by which it is kept.
CREATE VIEW v_requirements AS
SELECT o.campaign, json_extract(o.payload, '$.number') AS look, test.key + 1 AS number,
       json_extract(test.value, '$.requirement') AS requirement, json_extract(test.value, '$.margin') AS margin,
       json_extract(test.value, '$.interval[0]') AS low, json_extract(test.value, '$.interval[1]') AS high,
       json_extract(test.value, '$.holds') AS holds
FROM observations o, json_each(o.payload, '$.look.tests') AS test WHERE o.kind = 'sealed-look';
