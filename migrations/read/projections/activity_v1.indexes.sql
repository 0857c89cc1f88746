CREATE INDEX activity_ticket ON activity (tenant_id, ticket_id, position, ordinal);
CREATE INDEX activity_actor ON activity (tenant_id, actor_id, position, ordinal);
CREATE INDEX activity_type ON activity (tenant_id, type, position, ordinal);
CREATE INDEX activity_ip ON activity (tenant_id, ip, position, ordinal) WHERE ip IS NOT NULL;
CREATE INDEX activity_occurred ON activity (tenant_id, occurred_at, position, ordinal);
