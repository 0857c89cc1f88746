-- Sorting, alone: keyset pages by (key, id), both in the same direction.
CREATE UNIQUE INDEX tickets_number ON tickets (tenant_id, number);
CREATE INDEX tickets_created ON tickets (tenant_id, created_at, id);
CREATE INDEX tickets_updated ON tickets (tenant_id, updated_at, id);
CREATE INDEX tickets_priority ON tickets (tenant_id, priority_rank, id);
-- Filters that agents and customers stand on all day, in the order they read.
CREATE INDEX tickets_status ON tickets (tenant_id, status, updated_at, id);
CREATE INDEX tickets_status_category ON tickets (tenant_id, status_category, updated_at, id);
CREATE INDEX tickets_agent ON tickets (tenant_id, agent, updated_at, id);
CREATE INDEX tickets_team ON tickets (tenant_id, team, updated_at, id);
CREATE INDEX tickets_organization ON tickets (tenant_id, organization, updated_at, id);
CREATE INDEX tickets_requester ON tickets (tenant_id, requester_id, updated_at, id);
-- What is to be worked on is a small part of what there is. A queue with few tickets in it (nobody's,
-- say) is found by walking these, where walking all tickets for it would take seconds.
CREATE INDEX tickets_active_created ON tickets (tenant_id, created_at, id)
    WHERE status_category IN ('new', 'open', 'pending_customer', 'pending_internal');
CREATE INDEX tickets_active_updated ON tickets (tenant_id, updated_at, id)
    WHERE status_category IN ('new', 'open', 'pending_customer', 'pending_internal');
CREATE INDEX tickets_active_priority ON tickets (tenant_id, priority_rank, id)
    WHERE status_category IN ('new', 'open', 'pending_customer', 'pending_internal');
-- Filters with few values, each many times: equal keys are stored once, so these stay small. A rare
-- value is found by them; for a frequent one the planner walks a sorted index.
CREATE INDEX tickets_category ON tickets (tenant_id, category);
CREATE INDEX tickets_request_type ON tickets (tenant_id, request_type);
CREATE INDEX tickets_source ON tickets (tenant_id, source);
CREATE INDEX tickets_tags ON tickets USING gin (tenant_id, tags) WITH (gin_pending_list_limit = 1024);
