CREATE OR REPLACE VIEW read.queue_counts WITH (security_invoker = true) AS
SELECT tenant_id, dimension, key, open, count
FROM counts;
GRANT SELECT ON read.queue_counts TO docket_query;
