-- Idempotency keys go by age alone. docket_command could delete any of them, and with a fresh one gone a retried
-- command is carried out twice.
CREATE FUNCTION prune_idempotency_keys(older_than interval, at_most bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    pruned bigint;
BEGIN
    IF older_than IS NULL OR extract(epoch FROM older_than) < 24 * 3600 THEN
        RAISE EXCEPTION 'idempotency keys are kept for 24 hours at least'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM public.idempotency_keys
     WHERE ctid = ANY (ARRAY(SELECT k.ctid FROM public.idempotency_keys AS k
                              WHERE k.recorded_at < clock_timestamp() - older_than LIMIT at_most));
    GET DIAGNOSTICS pruned = ROW_COUNT;
    RETURN pruned;
END
$$;

REVOKE ALL ON FUNCTION prune_idempotency_keys FROM PUBLIC;
GRANT EXECUTE ON FUNCTION prune_idempotency_keys TO docket_command;
REVOKE DELETE ON idempotency_keys FROM docket_command;

-- Databases that were made by Postgres 14 or earlier let anybody create in `public`, where the log is.
DO $$
BEGIN
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'whoever owns the schema public should REVOKE CREATE ON SCHEMA public FROM PUBLIC';
END
$$;
