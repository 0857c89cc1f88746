-- The log's head, for docket_query: under row-level security it sees one tenant's events alone, and
-- the head is all tenants'. The function belongs to the owner and tells the number, nothing else.
CREATE FUNCTION log_position() RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_temp
AS $$
    SELECT coalesce((SELECT e.position FROM events e ORDER BY e.position DESC LIMIT 1), 0)
$$;

REVOKE ALL ON FUNCTION log_position FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log_position TO docket_command, docket_projection, docket_query;
