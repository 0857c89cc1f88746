CREATE OR REPLACE VIEW read.stats WITH (security_invoker = true) AS
SELECT tenant_id, measure, dimension, key, at, bin, count, sum
FROM cells;
GRANT SELECT ON read.stats TO docket_query;
