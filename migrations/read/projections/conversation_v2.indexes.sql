CREATE INDEX messages_ticket ON messages (tenant_id, ticket_id, position, id);
CREATE INDEX message_reads_ticket ON message_reads (tenant_id, ticket_id);
