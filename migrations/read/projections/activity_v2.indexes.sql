-- A B-tree stores equal keys once, with a list of where the rows are. Keys that end in the position are never
-- equal; those that end in a stretch of positions are, hundreds of times, and are as good for reading the
-- latest first: one stretch is sorted at a time. A ticket's own lines are few enough to be sorted at once.
CREATE INDEX activity_ticket ON activity (ticket_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX activity_actor ON activity (tenant_id, actor_id, stretch);
CREATE INDEX activity_type ON activity (tenant_id, type, stretch);
CREATE INDEX activity_ip ON activity (tenant_id, ip, stretch) WHERE ip IS NOT NULL;
CREATE INDEX activity_occurred ON activity (tenant_id, occurred_at);
