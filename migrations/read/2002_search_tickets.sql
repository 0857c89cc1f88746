-- What docket_query finds by words and by tags. `@@` and `&&` are not leakproof, so under row-level
-- security Postgres would not use an index for them; these functions may (they belong to
-- docket_projection), and keep to the tenant themselves: without one they find nothing.
--
-- A rare word is found by its index: a set of ids. A frequent one would be a set of half the desk;
-- there it is quicker to walk the list in its order and look at each ticket. So `find_tickets` and
-- `tagged_tickets` give up beyond `most` with a null, and the caller walks.

-- What people type: words, "a phrase", -without, this or that. Each wanted term may stand in another
-- piece of the ticket: the subject, the description, a message, and for staff a note.
CREATE FUNCTION read.search_terms(query text, OUT wanted tsquery[], OUT unwanted tsquery[])
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog AS $$
DECLARE
    token   text;
    parsed  tsquery;
    joining boolean := false;  -- the token before was "or"
BEGIN
    wanted := '{}';
    unwanted := '{}';
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
END
$$;

-- The tickets that a search finds; null if its rarest term alone stands in more than `most` texts.
CREATE FUNCTION read.find_tickets(query text, include_notes boolean, most integer) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog SET jit = off SET enable_seqscan = off AS $$
DECLARE
    tenant   uuid := nullif(current_setting('docket.tenant', true), '')::uuid;
    wanted   tsquery[];
    unwanted tsquery[];
    term     tsquery;
    rarest   tsquery;
    fewest   bigint := most::bigint + 1;
    hits     bigint;
    found    uuid[];
BEGIN
    SELECT terms.wanted, terms.unwanted INTO wanted, unwanted FROM read.search_terms(query) AS terms;
    IF tenant IS NULL OR cardinality(wanted) = 0 THEN
        RETURN '{}';
    END IF;
    FOREACH term IN ARRAY wanted LOOP
        SELECT count(*) INTO hits FROM (
            SELECT FROM read.search_texts AS texts
            WHERE texts.tenant_id = tenant AND texts.words @@ term AND (include_notes OR NOT texts.internal)
            LIMIT fewest) AS few;
        IF hits < fewest THEN
            fewest := hits;
            rarest := term;
        END IF;
        EXIT WHEN fewest = 0;
    END LOOP;
    IF rarest IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT array_agg(DISTINCT texts.ticket_id) INTO found FROM read.search_texts AS texts
    WHERE texts.tenant_id = tenant AND texts.words @@ rarest AND (include_notes OR NOT texts.internal);
    FOREACH term IN ARRAY array_remove(wanted, rarest) LOOP
        SELECT array_agg(candidate.id) INTO found FROM unnest(found) AS candidate (id)
        WHERE EXISTS (SELECT FROM read.search_texts AS texts WHERE texts.ticket_id = candidate.id
                      AND texts.words @@ term AND (include_notes OR NOT texts.internal));
    END LOOP;
    FOREACH term IN ARRAY unwanted LOOP
        SELECT array_agg(candidate.id) INTO found FROM unnest(found) AS candidate (id)
        WHERE NOT EXISTS (SELECT FROM read.search_texts AS texts WHERE texts.ticket_id = candidate.id
                          AND texts.words @@ term AND (include_notes OR NOT texts.internal));
    END LOOP;
    RETURN coalesce(found, '{}');
END
$$;

-- Whether a search would find this ticket, its terms taken apart before.
CREATE FUNCTION read.ticket_matches(ticket uuid, wanted tsquery[], unwanted tsquery[], include_notes boolean)
RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER COST 1000
SET search_path = pg_catalog SET enable_seqscan = off AS $$
BEGIN
    RETURN cardinality(wanted) > 0
       AND (SELECT count(DISTINCT term.number) FROM unnest(wanted) WITH ORDINALITY AS term (words, number)
              JOIN read.search_texts AS texts ON texts.words @@ term.words
             WHERE texts.ticket_id = ticket AND (include_notes OR NOT texts.internal)
               AND texts.tenant_id = nullif(current_setting('docket.tenant', true), '')::uuid)
           = cardinality(wanted)
       AND NOT EXISTS (SELECT FROM unnest(unwanted) AS term (words)
              JOIN read.search_texts AS texts ON texts.words @@ term.words
             WHERE texts.ticket_id = ticket AND (include_notes OR NOT texts.internal));
END
$$;

-- The tickets with one of these tags; null if they are more than `most`.
CREATE FUNCTION read.tagged_tickets(wanted text[], most integer) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog SET jit = off SET enable_seqscan = off AS $$
BEGIN
    RETURN (SELECT CASE WHEN count(*) > most THEN NULL ELSE coalesce(array_agg(few.id), '{}') END
    FROM (SELECT tickets.id FROM read.tickets AS tickets
          WHERE tickets.tenant_id = nullif(current_setting('docket.tenant', true), '')::uuid
            AND tickets.tags && wanted
          LIMIT most::bigint + 1) AS few);
END
$$;

DO $$
DECLARE
    target regprocedure;
BEGIN
    FOREACH target IN ARRAY ARRAY[
        'read.search_terms(text)', 'read.find_tickets(text, boolean, integer)',
        'read.ticket_matches(uuid, tsquery[], tsquery[], boolean)', 'read.tagged_tickets(text[], integer)'
    ]::regprocedure[] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO docket_projection', target);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', target);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO docket_query', target);
    END LOOP;
END
$$;
