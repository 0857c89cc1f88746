-- Not for docket_query: it searches by read.search_tickets.
CREATE OR REPLACE VIEW read.search_texts WITH (security_invoker = true) AS
SELECT ticket_id, piece, tenant_id, internal, words
FROM texts;
