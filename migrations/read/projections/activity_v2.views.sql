CREATE OR REPLACE VIEW read.activity WITH (security_invoker = true) AS
SELECT tenant_id, position, ordinal, ticket_id, event_id, event_type, type, field, old_value, new_value,
       reason, message_id, actor_id, actor_kind, actor_name, occurred_at, recorded_at, ip, user_agent,
       request_id, internal, stretch
FROM activity;
CREATE OR REPLACE VIEW read.assignments WITH (security_invoker = true) AS
SELECT ticket_id, position, tenant_id, agent, team, organization, assigned_from, assigned_until,
       assigned_by, assigned_by_kind, assigned_by_name, reason
FROM assignments;
GRANT SELECT ON read.activity, read.assignments TO docket_query;
