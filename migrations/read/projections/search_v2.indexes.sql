-- Words go through a short pending list: a long one would be merged in one go, at some apply's cost.
CREATE INDEX texts_words ON texts USING gin (tenant_id, words) WITH (gin_pending_list_limit = 1024);
-- What words are frequent is known by statistics, which have to be of a thousand words and of late.
ALTER TABLE texts ALTER COLUMN words SET STATISTICS 200;
ALTER TABLE texts SET (autovacuum_analyze_scale_factor = 0.05);
