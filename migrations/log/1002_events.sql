-- The log. The names of the columns are those of postgres-es, which reads whole streams from it.
-- What is looked up by equality alone has the collation "C": comparing bytes is cheaper.
CREATE TABLE events (
    -- 1, 2, 3, … in commit order, without gaps.
    position       bigint      NOT NULL,
    aggregate_type text        COLLATE "C" NOT NULL,
    aggregate_id   text        COLLATE "C" NOT NULL,
    -- 1, 2, 3, … in the stream, without gaps.
    sequence       bigint      NOT NULL CHECK (sequence > 0),
    event_type     text        NOT NULL,
    event_version  text        NOT NULL,
    -- json, not jsonb: the bytes stay as they were written, and hashes are over those bytes.
    payload        json        NOT NULL,
    metadata       json        NOT NULL,
    event_id       uuid        NOT NULL,
    tenant_id      uuid        NOT NULL,
    command_id     uuid        NOT NULL,
    recorded_at    timestamptz NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence),
    CONSTRAINT events_position UNIQUE (position)
);

-- Rows never change, so pages may be full, and a TOAST tuple target above the usual 2 kB keeps
-- ordinary events in one piece.
ALTER TABLE events SET (fillfactor = 100, toast_tuple_target = 4096);
-- Only inserts: what vacuum has to do here is to freeze.
ALTER TABLE events SET (autovacuum_vacuum_insert_scale_factor = 0.1, autovacuum_analyze_scale_factor = 0.05);

-- Which log this is. Appends take this row's lock, so that the order of positions is the order of
-- commits; the head itself is the highest position. (A head kept in the row would be rewritten by
-- every append, and one long snapshot, such as a backup's, would keep every version of it.)
CREATE TABLE log_head (
    singleton  boolean     PRIMARY KEY DEFAULT true CHECK (singleton),
    log_id     uuid        NOT NULL DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO log_head DEFAULT VALUES;

CREATE FUNCTION refuse_change() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the event log only grows: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

-- ALWAYS: also for a session that calls itself a replica.
CREATE TRIGGER events_only_grow
    BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE events ENABLE ALWAYS TRIGGER events_only_grow;

CREATE TRIGGER log_head_stays
    BEFORE UPDATE OR DELETE OR TRUNCATE ON log_head
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE log_head ENABLE ALWAYS TRIGGER log_head_stays;

ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
CREATE POLICY events_owner ON events TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY events_command ON events TO docket_command USING (true) WITH CHECK (true);
CREATE POLICY events_projection ON events FOR SELECT TO docket_projection USING (true);
-- The tenant is set by transaction. Unset and empty are no tenant, and see nothing. The sub-select
-- makes it one evaluation per statement.
CREATE POLICY events_query ON events FOR SELECT TO docket_query
    USING (tenant_id = (SELECT nullif(current_setting('docket.tenant', true), '')::uuid));

REVOKE ALL ON events, log_head FROM PUBLIC;
GRANT SELECT, INSERT ON events TO docket_command;
GRANT SELECT ON events TO docket_projection, docket_query;
-- A row lock needs the right to update; the trigger refuses the update itself.
GRANT SELECT, UPDATE ON log_head TO docket_command;
GRANT SELECT ON log_head TO docket_projection, docket_query;
