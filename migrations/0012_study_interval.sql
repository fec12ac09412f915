-- What the champion is worth on the study has an interval too, and a toolchain is one line of it.
DROP VIEW v_sealed;
CREATE VIEW v_sealed AS
SELECT campaign, json_extract(payload, '$.number') AS look, json_extract(payload, '$.champion') AS champion,
       json_extract(payload, '$.look.worth.value') AS worth,
       json_extract(payload, '$.look.worth.interval[0]') AS low, json_extract(payload, '$.look.worth.interval[1]') AS high,
       json_extract(payload, '$.look.study.value') AS study,
       json_extract(payload, '$.look.study.interval[0]') AS study_low, json_extract(payload, '$.look.study.interval[1]') AS study_high,
       json_extract(payload, '$.look.drawn') AS drawn_workloads,
       (SELECT min(json_extract(value, '$.holds')) FROM json_each(payload, '$.look.tests')) AS holds,
       (SELECT group_concat(json_extract(value, '$.requirement'), '; ') FROM json_each(payload, '$.look.tests')
        WHERE NOT json_extract(value, '$.holds')) AS fails,
       datetime(at_ms / 1000, 'unixepoch') AS taken
FROM observations WHERE kind = 'sealed-look';

DROP VIEW v_campaigns;
CREATE VIEW v_campaigns AS
SELECT c.id AS campaign, c.name AS experiment, c.agents,
       datetime(c.created_at_ms / 1000, 'unixepoch') AS opened,
       datetime((SELECT max(at_ms) FROM events e WHERE e.campaign = c.id) / 1000, 'unixepoch') AS last_event,
       c.log_length AS events, coalesce(c.ended, 'running or stopped') AS state,
       (SELECT count(*) FROM iterations i WHERE i.campaign = c.id AND i.volume IS NOT NULL) AS iterations,
       (SELECT count(*) FROM candidates d WHERE d.campaign = c.id) AS candidates,
       (SELECT i.champion FROM iterations i WHERE i.campaign = c.id AND i.volume IS NOT NULL ORDER BY i.number DESC LIMIT 1)
           AS champion_of_search,
       c.sandboxed, substr(c.toolchain, 1, instr(c.toolchain || char(10), char(10)) - 1) AS toolchain, c.version
FROM campaigns c;
