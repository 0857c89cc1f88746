CREATE OR REPLACE VIEW read.stats_days WITH (security_invoker = true) AS
SELECT tenant_id, dimension, months, measure, day, key, part, count, sum, bins
FROM days;
CREATE OR REPLACE VIEW read.stats_facts WITH (security_invoker = true) AS
SELECT f.tenant_id, f.measure, f.at, f.part, f.bin, f.value, coalesce(f.agent, t.agent) AS agent,
       t.priority, t.category, t.source, t.team, t.tags
FROM facts AS f
JOIN measured AS t USING (ticket_id)
WHERE NOT t.hidden;
CREATE OR REPLACE VIEW read.stats_offices WITH (security_invoker = true) AS
SELECT tenant_id, time_zone, reporting, changed_at
FROM offices;
GRANT SELECT ON read.stats_days, read.stats_facts, read.stats_offices TO docket_query;
CREATE OR REPLACE VIEW read.stats_hours WITH (security_invoker = true) AS
SELECT tenant_id, minutes, measure, at, part, count, sum, bins
FROM hours;
GRANT SELECT ON read.stats_hours TO docket_query;
