CREATE OR REPLACE VIEW read.messages WITH (security_invoker = true) AS
SELECT id, tenant_id, ticket_id, kind, author_id, author_kind, author_name, body, html, attachments,
       canned_response, mentions, created_at, edited_at, edited_by, edited_by_name, edits, redacted,
       redacted_at, redacted_by, redaction_reason, position, changed_position
FROM messages;
CREATE OR REPLACE VIEW read.message_edits WITH (security_invoker = true) AS
SELECT position, tenant_id, ticket_id, message_id, former_body, former_html, edited_at, edited_by,
       edited_by_name
FROM message_edits;
CREATE OR REPLACE VIEW read.message_reads WITH (security_invoker = true) AS
SELECT message_id, reader, tenant_id, ticket_id, reader_kind, internal, read_at, position
FROM message_reads;
CREATE OR REPLACE VIEW read.attachments WITH (security_invoker = true) AS
SELECT id, tenant_id, ticket_id, message_id, name, content_type, size, internal, created_at, position, ordinal
FROM attachments;
GRANT SELECT ON read.messages, read.message_edits, read.message_reads, read.attachments TO docket_query;
