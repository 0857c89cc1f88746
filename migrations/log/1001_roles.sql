-- The roles that the services run as. Groups without login: a service connects with its own
-- user and takes its role by the startup option `-c role=…`.
--
-- Roles belong to the whole server, so databases that are set up at the same moment meet here:
-- whoever comes second finds the role, or is told that it is there. Where the connected user may
-- not create roles, an administrator has to have made them before.
DO $$
DECLARE
    wanted text;
    -- From Postgres 16 on, who creates a role is a member of it, but may not take it.
    may_take text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['docket_command', 'docket_projection', 'docket_query'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
        -- So that the services may connect as whoever migrates.
        IF NOT pg_has_role(current_user, wanted, may_take) THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', wanted);
        END IF;
    END LOOP;
END
$$;

GRANT USAGE ON SCHEMA public TO docket_command, docket_projection, docket_query;
