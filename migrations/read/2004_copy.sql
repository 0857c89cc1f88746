-- Rows come into the live tables by COPY too, which Postgres refuses to whoever is under row-level
-- security. The owner, docket_projection, had a policy that let it see and write everything; now it is
-- not under it at all, which comes to the same. docket_query is, as before.
CREATE OR REPLACE FUNCTION read.secure(target regnamespace) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    relation regclass;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %s TO docket_query', target);
    FOR relation IN SELECT oid FROM pg_class WHERE relnamespace = target AND relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', relation);
        EXECUTE format(
            'CREATE POLICY tenant ON %s FOR SELECT TO docket_query'
            ' USING (tenant_id = (SELECT nullif(current_setting(''docket.tenant'', true), '''')::uuid))',
            relation);
        EXECUTE format('GRANT SELECT ON %s TO docket_query', relation);
    END LOOP;
END
$$;

DO $$
DECLARE
    relation regclass;
BEGIN
    FOR relation IN
        SELECT oid FROM pg_class
        WHERE relforcerowsecurity AND relowner = 'docket_projection'::regrole
    LOOP
        EXECUTE format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', relation);
        EXECUTE format('DROP POLICY projection ON %s', relation);
    END LOOP;
END
$$;
