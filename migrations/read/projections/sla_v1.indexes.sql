-- By what is due next, and the queue of one state.
CREATE INDEX standings_due ON standings (tenant_id, due_at, ticket_id);
CREATE INDEX standings_state ON standings (tenant_id, state);
-- What is to be raised, over all tenants.
CREATE INDEX standings_next ON standings (next_at, ticket_id) WHERE next_at IS NOT NULL;
CREATE INDEX outcomes_decided ON outcomes (tenant_id, decided_at);
