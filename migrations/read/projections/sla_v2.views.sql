CREATE OR REPLACE VIEW read.sla WITH (security_invoker = true) AS
SELECT ticket_id, tenant_id, state, policy, due_at, response_state, response_due_at, resolution_state,
       resolution_due_at
FROM standings;
CREATE OR REPLACE VIEW read.sla_outcomes WITH (security_invoker = true) AS
SELECT ticket_id, metric, instance, tenant_id, policy, priority, agent, team, organization, missed, decided_at
FROM outcomes;
CREATE OR REPLACE VIEW read.sla_counts WITH (security_invoker = true) AS
SELECT tenant_id, state, count
FROM state_counts;
GRANT SELECT ON read.sla, read.sla_outcomes, read.sla_counts TO docket_query;
-- All tenants', by the owner's right: for the process that raises what is due.
CREATE OR REPLACE VIEW read.sla_timers AS
SELECT ticket_id, tenant_id, next_at
FROM standings
WHERE next_at IS NOT NULL;
GRANT SELECT ON read.sla_timers TO docket_command;
CREATE OR REPLACE VIEW read.sla_outcome_hours WITH (security_invoker = true) AS
SELECT tenant_id, hour, metric, met, missed
FROM outcome_hours;
GRANT SELECT ON read.sla_outcome_hours TO docket_query;
