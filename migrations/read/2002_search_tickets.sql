-- Full-text search for docket_query. `@@` is not leakproof, so under row-level security Postgres would
-- not use the index for it; this function may (it belongs to docket_projection), and keeps to the
-- tenant itself: without one it finds nothing.
--
-- The query is what people type: words, "a phrase", -without, this or that. Each term may stand in
-- another piece of the ticket: the subject, the description, a message, and for staff a note.
CREATE FUNCTION read.search_tickets(query text, include_notes boolean) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1000
SET search_path = pg_catalog SET jit = off SET enable_seqscan = off AS $$
DECLARE
    tenant   uuid := nullif(current_setting('docket.tenant', true), '')::uuid;
    token    text;
    wanted   tsquery[] := '{}';
    unwanted tsquery[] := '{}';
    parsed   tsquery;
    joining  boolean := false;  -- the token before was "or"
BEGIN
    IF tenant IS NULL THEN
        RETURN;
    END IF;
    FOR token IN SELECT match[1] FROM regexp_matches(left(query, 1000), '(-?"[^"]*"?|[^\s"]+)', 'g') AS match LOOP
        IF lower(token) = 'or' AND cardinality(wanted) > 0 THEN
            joining := true;
            CONTINUE;
        END IF;
        parsed := websearch_to_tsquery('simple', ltrim(token, '-'));
        IF numnode(parsed) = 0 THEN
            CONTINUE;
        END IF;
        IF left(token, 1) = '-' THEN
            unwanted := unwanted || parsed;
        ELSIF joining THEN
            wanted[cardinality(wanted)] := wanted[cardinality(wanted)] || parsed;
        ELSE
            wanted := wanted || parsed;
        END IF;
        joining := false;
    END LOOP;
    IF cardinality(wanted) = 0 THEN
        RETURN;
    END IF;
    RETURN QUERY
        SELECT hit.ticket_id
        FROM unnest(wanted) WITH ORDINALITY AS term (words, number)
        CROSS JOIN LATERAL (
            SELECT DISTINCT texts.ticket_id
            FROM read.search_texts AS texts
            WHERE texts.tenant_id = tenant AND texts.words @@ term.words
              AND (include_notes OR NOT texts.internal)
        ) AS hit
        GROUP BY hit.ticket_id
        HAVING count(*) = cardinality(wanted)
        EXCEPT
        SELECT texts.ticket_id
        FROM unnest(unwanted) AS term (words)
        JOIN read.search_texts AS texts
          ON texts.tenant_id = tenant AND texts.words @@ term.words AND (include_notes OR NOT texts.internal);
END
$$;
ALTER FUNCTION read.search_tickets(text, boolean) OWNER TO docket_projection;
REVOKE ALL ON FUNCTION read.search_tickets(text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION read.search_tickets(text, boolean) TO docket_query;
