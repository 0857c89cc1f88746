-- One tenant's events in order, however few of the log's they are: what feeds and streams read.
CREATE INDEX events_tenant ON events (tenant_id, position);

-- Which messages of some tickets were taken out of sight. Few are, so this costs appends nothing.
CREATE INDEX events_redactions ON events (aggregate_id) WHERE event_type = 'MessageRedacted';

-- How the log has grown beyond a position, for docket_query to wake those who follow: how far (5,000
-- positions at most), and whose events those are. It tells nothing else of other tenants than that.
CREATE FUNCTION log_growth(after bigint, OUT head bigint, OUT tenants uuid[])
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_temp
AS $$
    SELECT coalesce(max(e.position), after), coalesce(array_agg(DISTINCT e.tenant_id), '{}')
      FROM (SELECT g.position, g.tenant_id FROM events g WHERE g.position > after
             ORDER BY g.position LIMIT 5000) AS e
$$;

REVOKE ALL ON FUNCTION log_growth FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log_growth TO docket_query;
