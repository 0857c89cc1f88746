-- Not for docket_query: it searches by read.find_tickets and read.narrow_tickets.
CREATE OR REPLACE VIEW read.search_texts WITH (security_invoker = true) AS
SELECT ticket_id, piece, tenant_id, internal, words
FROM texts;
CREATE OR REPLACE VIEW read.tags WITH (security_invoker = true) AS
SELECT tenant_id, key, spelling, position
FROM tags;
GRANT SELECT ON read.tags TO docket_query;
