-- Words go through a short pending list: a long one would be merged in one go, at some apply's cost.
CREATE INDEX texts_words ON texts USING gin (tenant_id, words) WITH (gin_pending_list_limit = 1024);
