-- Which tickets have these numbers, for docket_query: what an append claims with the opening itself, so a
-- number is known as soon as its ticket is, however far the read models are. It keeps to the tenant that the
-- transaction is under, and finds nothing without one.
CREATE FUNCTION log_tickets(numbers text[], OUT number text, OUT ticket_id text)
    RETURNS SETOF record
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_temp
AS $$
    SELECT c.value, c.aggregate_id FROM claims c
     WHERE c.tenant_id = nullif(current_setting('docket.tenant', true), '')::uuid
       AND c.kind = 'ticket_number' AND c.value = ANY (numbers)
$$;

REVOKE ALL ON FUNCTION log_tickets FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log_tickets TO docket_query;
