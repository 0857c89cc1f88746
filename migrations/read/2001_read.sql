-- What the read models stand on: the roles, the schema `read` with its stable views, the checkpoints.
-- The tables of each projection version live in a schema of their own (`projections/`), so that a
-- new one is built beside the one that is being read.

-- Roles belong to the whole server: another database may be creating them at this moment.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['docket_command', 'docket_projection', 'docket_query'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN NULL;
                WHEN insufficient_privilege THEN
                    RAISE EXCEPTION 'role % is missing, and % may not create it', wanted, current_user
                        USING HINT = format('Run once as a superuser: CREATE ROLE %I NOLOGIN', wanted);
            END;
        END IF;
    END LOOP;
    -- The read models belong to docket_projection, which rebuilds them: whoever migrates must be
    -- able to give them to it.
    IF NOT pg_has_role(current_user, 'docket_projection', 'MEMBER') THEN
        EXECUTE format('GRANT docket_projection TO %I', current_user);
    END IF;
    EXECUTE format('GRANT CREATE ON DATABASE %I TO docket_projection', current_database());
END
$$;

-- For indexes that lead with the tenant where the rest needs GIN: tags, full text.
CREATE EXTENSION IF NOT EXISTS btree_gin WITH SCHEMA public;

CREATE SCHEMA read AUTHORIZATION docket_projection;
GRANT USAGE ON SCHEMA read TO docket_query, docket_command;

CREATE TABLE read.checkpoints (
    projection text PRIMARY KEY,
    version    integer NOT NULL,
    -- The last event whose effect is in the tables; written in the transaction that writes them.
    position   bigint NOT NULL DEFAULT 0,
    -- catching_up, live, stopped
    state      text NOT NULL DEFAULT 'stopped',
    -- A new one is being built beside it.
    rebuilding boolean NOT NULL DEFAULT false,
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- The process that applied last. Others wait until it stops making headway.
    owner      uuid,
    -- Counts what else changes under the owner: a rebuild's switch, a retry of parked events.
    -- An apply that has seen an older one is refused, and looks again.
    generation bigint NOT NULL DEFAULT 0
);
ALTER TABLE read.checkpoints OWNER TO docket_projection;
GRANT SELECT ON read.checkpoints TO docket_query, docket_command;

-- Puts the tables of a projection's schema under row-level security: docket_query sees one tenant's
-- rows, and none without a tenant (an empty setting counts as none).
CREATE FUNCTION read.secure(target regnamespace) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    relation regclass;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %s TO docket_query', target);
    FOR relation IN SELECT oid FROM pg_class WHERE relnamespace = target AND relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', relation);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', relation);
        EXECUTE format('CREATE POLICY projection ON %s TO docket_projection USING (true) WITH CHECK (true)', relation);
        EXECUTE format(
            'CREATE POLICY tenant ON %s FOR SELECT TO docket_query'
            ' USING (tenant_id = (SELECT nullif(current_setting(''docket.tenant'', true), '''')::uuid))',
            relation);
        EXECUTE format('GRANT SELECT ON %s TO docket_query', relation);
    END LOOP;
END
$$;
ALTER FUNCTION read.secure(regnamespace) OWNER TO docket_projection;
