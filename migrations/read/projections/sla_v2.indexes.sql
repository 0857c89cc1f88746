-- By what is due next, and the queues of the states that are few and looked at most.
CREATE INDEX standings_due ON standings (tenant_id, due_at, ticket_id);
CREATE INDEX standings_pressing ON standings (tenant_id, state)
    WHERE state IN ('response_warning', 'response_breached', 'resolution_warning', 'resolution_breached');
-- What is to be raised, over all tenants.
CREATE INDEX standings_next ON standings (next_at, ticket_id) WHERE next_at IS NOT NULL;
CREATE INDEX outcomes_decided ON outcomes (tenant_id, decided_at);
