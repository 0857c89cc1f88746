CREATE INDEX facts_by_time ON facts (tenant_id, measure, at);
