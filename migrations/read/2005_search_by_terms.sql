-- Searching by terms that Docket made itself (domain/src/search): Postgres' parsers see no text, neither
-- when it is indexed nor when it is asked for. In place of the functions that took what people type.
DROP FUNCTION read.find_tickets(text, boolean, integer);
DROP FUNCTION read.ticket_matches(uuid, tsquery[], tsquery[], boolean);
DROP FUNCTION read.search_terms(text);

-- How many texts of a tenant a term stands in, as the planner guesses it: by what ANALYZE found the most
-- frequent words to be. It reads no text, so it costs the same for each word.
-- Postgres explains in volatile functions alone.
CREATE FUNCTION read.guess_texts(tenant uuid, term tsquery) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog SET jit = off AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE format(
        'EXPLAIN (FORMAT JSON) SELECT FROM read.search_texts AS texts WHERE texts.tenant_id = %L AND texts.words @@ %L::tsquery',
        tenant, term) INTO plan;
    RETURN (plan -> 0 -> 'Plan' ->> 'Plan Rows')::bigint;
END
$$;

-- Those of these tickets in which every wanted term stands, each perhaps in another text, and no unwanted
-- one. It looks up each ticket's texts, and nothing else.
CREATE FUNCTION read.narrow_tickets(tickets uuid[], wanted tsquery[], unwanted tsquery[], include_notes boolean)
RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    tenant uuid := nullif(current_setting('docket.tenant', true), '')::uuid;
    term   tsquery;
BEGIN
    FOREACH term IN ARRAY wanted LOOP
        EXIT WHEN cardinality(tickets) = 0;
        SELECT coalesce(array_agg(one.id), '{}') INTO tickets FROM unnest(tickets) AS one (id)
        WHERE EXISTS (SELECT FROM read.search_texts AS texts
                      WHERE texts.ticket_id = one.id AND texts.tenant_id = tenant AND texts.words @@ term
                        AND (include_notes OR NOT texts.internal));
    END LOOP;
    FOREACH term IN ARRAY unwanted LOOP
        EXIT WHEN cardinality(tickets) = 0;
        SELECT coalesce(array_agg(one.id), '{}') INTO tickets FROM unnest(tickets) AS one (id)
        WHERE NOT EXISTS (SELECT FROM read.search_texts AS texts
                          WHERE texts.ticket_id = one.id AND texts.tenant_id = tenant AND texts.words @@ term
                            AND (include_notes OR NOT texts.internal));
    END LOOP;
    RETURN tickets;
END
$$;

-- The tickets that a search finds, by its rarest term's index and then by looking at each; null if even that
-- term stands in more than `most` texts. Without `most` all of them, however many.
CREATE FUNCTION read.find_tickets(wanted tsquery[], unwanted tsquery[], include_notes boolean, most integer)
RETURNS uuid[]
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog SET jit = off SET enable_seqscan = off AS $$
DECLARE
    tenant uuid := nullif(current_setting('docket.tenant', true), '')::uuid;
    term   tsquery;
    rarest tsquery := wanted[1];
    guess  bigint;
    fewest bigint;
    hits   bigint;
    found  uuid[];
BEGIN
    IF tenant IS NULL OR cardinality(wanted) = 0 THEN
        RETURN '{}';
    END IF;
    FOREACH term IN ARRAY wanted LOOP
        guess := read.guess_texts(tenant, term);
        IF fewest IS NULL OR guess < fewest THEN
            fewest := guess;
            rarest := term;
        END IF;
    END LOOP;
    IF fewest > most THEN
        RETURN NULL;
    END IF;
    SELECT count(*), array_agg(DISTINCT few.ticket_id) INTO hits, found FROM (
        SELECT texts.ticket_id FROM read.search_texts AS texts
        WHERE texts.tenant_id = tenant AND texts.words @@ rarest AND (include_notes OR NOT texts.internal)
        LIMIT most::bigint + 1) AS few;
    IF hits > most THEN
        RETURN NULL;
    END IF;
    RETURN read.narrow_tickets(coalesce(found, '{}'), array_remove(wanted, rarest), unwanted, include_notes);
END
$$;

DO $$
DECLARE
    target regprocedure;
BEGIN
    FOREACH target IN ARRAY ARRAY[
        'read.guess_texts(uuid, tsquery)', 'read.narrow_tickets(uuid[], tsquery[], tsquery[], boolean)',
        'read.find_tickets(tsquery[], tsquery[], boolean, integer)'
    ]::regprocedure[] LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO docket_projection', target);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', target);
    END LOOP;
    GRANT EXECUTE ON FUNCTION read.narrow_tickets, read.find_tickets TO docket_query;
END
$$;
