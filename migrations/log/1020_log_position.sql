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

-- When an event was recorded, to tell how long a reader is behind; null beyond the head.
CREATE FUNCTION log_time(at bigint) RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_temp
AS $$
    SELECT e.recorded_at FROM events e WHERE e.position = at
$$;

REVOKE ALL ON FUNCTION log_time FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log_time TO docket_command, docket_projection, docket_query;
