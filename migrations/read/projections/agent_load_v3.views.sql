CREATE OR REPLACE VIEW read.agent_load WITH (security_invoker = true) AS
SELECT tenant_id, agent, assigned, active, open, resolved
FROM load;
GRANT SELECT ON read.agent_load TO docket_query;
