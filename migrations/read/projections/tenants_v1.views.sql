CREATE OR REPLACE VIEW read.tenant_tree WITH (security_invoker = true) AS
SELECT tenant_id, descendant, key, depth
FROM tree;
GRANT SELECT ON read.tenant_tree TO docket_query;
