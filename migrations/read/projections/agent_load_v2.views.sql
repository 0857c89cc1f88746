CREATE OR REPLACE VIEW read.agent_load WITH (security_invoker = true) AS
SELECT tenant_id, agent, assigned, active, new, open, pending_customer, pending_internal, resolved,
       closed, cancelled, in_progress
FROM load;
GRANT SELECT ON read.agent_load TO docket_query;
