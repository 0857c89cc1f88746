-- Appends a batch of commands: one statement, one commit, one answer for each command.
--
-- The row lock on log_head comes first. Every statement after it takes a new snapshot (READ
-- COMMITTED), so it sees all that the former holder of the lock committed: positions are given
-- out without gaps, in commit order, and checks can't be overtaken.
--
-- c_*: one entry per command. c_stream is the index of the first command of the batch on the same
-- stream (its own if it is the first), i_group likewise for the idempotency key; c_end counts the
-- batch's events up to and with this command. i_*: idempotency, null where there is none. k_*:
-- claims. e_*: events; `nth` counts within the command. `plain` says that no two commands of the
-- batch share a stream, a key or a claim. `again` says that the batch was sent before and its
-- answer lost: what landed then is told as appended, not as a conflict with itself.
--
-- refused is null if all were appended. Else, per command: 0 appended, 1 conflict, 2 replayed,
-- 3 key reused, 4 claim taken, 5 landed before; with the version, position and so on that belong
-- to it.
--
-- The settings: the plan is made once, often while the tables are empty, and has to hold when
-- they are large: index probes only. JIT would compile every batch anew.
CREATE FUNCTION append_events(
    plain boolean, again boolean,
    c_tenant uuid[], c_type text[], c_id text[], c_expected bigint[], c_command uuid[],
    c_count integer[], c_end integer[], c_stream integer[],
    i_user text[], i_key text[], i_hash bytea[], i_status smallint[], i_answer text[], i_group integer[],
    k_command integer[], k_kind text[], k_value text[],
    e_command integer[], e_nth integer[], e_id uuid[], e_type text[], e_version text[],
    e_payload text[], e_metadata text[],
    OUT head bigint, OUT at timestamptz, OUT refused smallint[], OUT versions bigint[],
    OUT positions bigint[], OUT times timestamptz[], OUT holders text[], OUT statuses smallint[],
    OUT answers text[]
)
    LANGUAGE plpgsql VOLATILE SECURITY INVOKER
    SET search_path = public, pg_temp
    SET jit = off
    SET enable_seqscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    SET enable_bitmapscan = off
    SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    n integer := cardinality(c_id);
    keyed boolean := array_length(i_key, 1) IS NOT NULL;
    clear boolean := plain;
BEGIN
    PERFORM FROM log_head FOR UPDATE;
    head := coalesce((SELECT e.position FROM events e ORDER BY e.position DESC LIMIT 1), 0);
    at := clock_timestamp();

    IF clear THEN
        clear := NOT EXISTS (
            SELECT FROM unnest(c_type, c_id, c_expected, c_tenant) AS c (type, id, expected, tenant)
              LEFT JOIN LATERAL (
                    SELECT e.sequence, e.tenant_id FROM events e
                     WHERE e.aggregate_type = c.type AND e.aggregate_id = c.id
                     ORDER BY e.sequence DESC LIMIT 1) AS h ON true
             WHERE coalesce(h.sequence, 0) <> c.expected OR h.tenant_id <> c.tenant);
    END IF;
    IF clear AND keyed THEN
        clear := NOT EXISTS (
            SELECT FROM unnest(c_tenant, i_user, i_key) AS i (tenant, "user", key)
              JOIN idempotency_keys k
                ON k.tenant_id = i.tenant AND k.user_id = i."user" AND k.key = i.key);
    END IF;
    IF clear AND cardinality(k_command) > 0 THEN
        clear := NOT EXISTS (
            SELECT FROM unnest(k_command, k_kind, k_value) AS c (command, kind, value)
              JOIN claims k
                ON k.tenant_id = c_tenant[c.command] AND k.kind = c.kind AND k.value = c.value);
    END IF;
    IF NOT clear THEN
        SELECT j.refused, j.versions, j.positions, j.times, j.holders, j.statuses, j.answers
          INTO refused, versions, positions, times, holders, statuses, answers
          FROM judge_appends(head, at, again, c_tenant, c_type, c_id, c_expected, c_command, c_count,
                             c_stream, i_user, i_key, i_hash, i_status, i_answer, i_group,
                             k_command, k_kind, k_value, e_command, e_nth, e_id) AS j;
    END IF;

    IF refused IS NULL THEN
        INSERT INTO events (position, aggregate_type, aggregate_id, sequence, event_type, event_version,
                            payload, metadata, event_id, tenant_id, command_id, recorded_at)
        SELECT head + e.ord, c_type[e.command], c_id[e.command], c_expected[e.command] + e.nth, e.type,
               e.version, e.payload::json, e.metadata::json, e.id, c_tenant[e.command],
               c_command[e.command], at
          FROM unnest(e_command, e_nth, e_id, e_type, e_version, e_payload, e_metadata) WITH ORDINALITY
               AS e (command, nth, id, type, version, payload, metadata, ord);
        IF keyed THEN
            INSERT INTO idempotency_keys (tenant_id, user_id, key, request_hash, command_id, aggregate_id,
                                          version, position, status, answer, recorded_at)
            SELECT i.tenant, i."user", i.key, i.hash, i.command, i.id, i.expected + i.count,
                   head + i."end", i.status, i.answer::json, at
              FROM unnest(c_tenant, i_user, i_key, i_hash, c_command, c_id, c_expected, c_count, c_end,
                          i_status, i_answer)
                   AS i (tenant, "user", key, hash, command, id, expected, count, "end", status, answer)
             WHERE i.key IS NOT NULL;
        END IF;
    ELSE
        INSERT INTO events (position, aggregate_type, aggregate_id, sequence, event_type, event_version,
                            payload, metadata, event_id, tenant_id, command_id, recorded_at)
        SELECT head + row_number() OVER (ORDER BY e.ord), c_type[e.command], c_id[e.command],
               c_expected[e.command] + e.nth, e.type, e.version, e.payload::json, e.metadata::json, e.id,
               c_tenant[e.command], c_command[e.command], at
          FROM unnest(e_command, e_nth, e_id, e_type, e_version, e_payload, e_metadata) WITH ORDINALITY
               AS e (command, nth, id, type, version, payload, metadata, ord)
         WHERE refused[e.command] = 0;
        IF keyed THEN
            INSERT INTO idempotency_keys (tenant_id, user_id, key, request_hash, command_id, aggregate_id,
                                          version, position, status, answer, recorded_at)
            SELECT i.tenant, i."user", i.key, i.hash, i.command, i.id, i.version, i.position, i.status,
                   i.answer::json, at
              FROM unnest(c_tenant, i_user, i_key, i_hash, c_command, c_id, versions, positions, i_status,
                          i_answer, refused)
                   AS i (tenant, "user", key, hash, command, id, version, position, status, answer, refused)
             WHERE i.key IS NOT NULL AND i.refused = 0;
        END IF;
    END IF;
    IF cardinality(k_command) > 0 THEN
        IF refused IS NULL THEN
            INSERT INTO claims (tenant_id, kind, value, aggregate_id)
            SELECT c_tenant[c.command], c.kind, c.value, c_id[c.command]
              FROM unnest(k_command, k_kind, k_value) AS c (command, kind, value);
        ELSE
            -- One that the aggregate has already is claimed again without effect.
            INSERT INTO claims (tenant_id, kind, value, aggregate_id)
            SELECT c_tenant[c.command], c.kind, c.value, c_id[c.command]
              FROM unnest(k_command, k_kind, k_value) AS c (command, kind, value)
             WHERE refused[c.command] = 0
            ON CONFLICT DO NOTHING;
        END IF;
    END IF;
END
$$;

-- Judges the commands of a batch one after the other, for append_events, when not all of them can
-- simply be appended. What the tables say is read set by set; the loop itself reads no table but
-- for what a lost answer or a claim needs.
CREATE FUNCTION judge_appends(
    head bigint, at timestamptz, again boolean,
    c_tenant uuid[], c_type text[], c_id text[], c_expected bigint[], c_command uuid[],
    c_count integer[], c_stream integer[],
    i_user text[], i_key text[], i_hash bytea[], i_status smallint[], i_answer text[], i_group integer[],
    k_command integer[], k_kind text[], k_value text[],
    e_command integer[], e_nth integer[], e_id uuid[],
    OUT refused smallint[], OUT versions bigint[], OUT positions bigint[], OUT times timestamptz[],
    OUT holders text[], OUT statuses smallint[], OUT answers text[]
)
    LANGUAGE plpgsql VOLATILE SECURITY INVOKER
    SET search_path = public, pg_temp
AS $$
DECLARE
    n integer := cardinality(c_id);
    last bigint := head;
    keyed boolean := array_length(i_key, 1) IS NOT NULL;
    at_version bigint[];    -- by stream: its version, going up as the batch appends to it
    of_tenant uuid[];       -- by stream: whose it is
    key_holder integer[] := array_fill(0, ARRAY[n]);  -- by key: the command of the batch that took it
    known_hash bytea[];
    known_command uuid[];
    known_id text[];
    known_version bigint[];
    known_position bigint[];
    known_status smallint[];
    known_answer text[];
    known_at timestamptz[];
    outcome smallint;
    holder integer;
    stream integer;
    landed record;
    taken record;
BEGIN
    refused := array_fill(0::smallint, ARRAY[n]);
    versions := array_fill(NULL::bigint, ARRAY[n]);
    positions := versions;
    times := array_fill(at, ARRAY[n]);
    holders := array_fill(NULL::text, ARRAY[n]);
    statuses := array_fill(NULL::smallint, ARRAY[n]);
    answers := holders;

    SELECT array_agg(coalesce(h.sequence, 0) ORDER BY c.ord), array_agg(h.tenant_id ORDER BY c.ord)
      INTO at_version, of_tenant
      FROM unnest(c_type, c_id) WITH ORDINALITY AS c (type, id, ord)
      LEFT JOIN LATERAL (
            SELECT e.sequence, e.tenant_id FROM events e
             WHERE e.aggregate_type = c.type AND e.aggregate_id = c.id
             ORDER BY e.sequence DESC LIMIT 1) AS h ON true;
    IF keyed THEN
        SELECT array_agg(k.request_hash ORDER BY i.ord), array_agg(k.command_id ORDER BY i.ord),
               array_agg(k.aggregate_id ORDER BY i.ord), array_agg(k.version ORDER BY i.ord),
               array_agg(k.position ORDER BY i.ord), array_agg(k.status ORDER BY i.ord),
               array_agg(k.answer::text ORDER BY i.ord), array_agg(k.recorded_at ORDER BY i.ord)
          INTO known_hash, known_command, known_id, known_version, known_position, known_status,
               known_answer, known_at
          FROM unnest(c_tenant, i_user, i_key) WITH ORDINALITY AS i (tenant, "user", key, ord)
          LEFT JOIN idempotency_keys k
            ON k.tenant_id = i.tenant AND k.user_id = i."user" AND k.key = i.key;
    END IF;

    FOR c IN 1..n LOOP
        outcome := 0;
        stream := c_stream[c];

        IF keyed AND i_key[c] IS NOT NULL THEN
            holder := key_holder[i_group[c]];
            IF known_hash[c] IS NOT NULL THEN
                outcome := CASE WHEN known_hash[c] <> i_hash[c] THEN 3
                                WHEN known_command[c] = c_command[c] THEN 5 ELSE 2 END;
                versions[c] := known_version[c];
                positions[c] := known_position[c];
                times[c] := known_at[c];
                holders[c] := known_id[c];
                statuses[c] := known_status[c];
                answers[c] := known_answer[c];
            ELSIF holder > 0 THEN
                outcome := CASE WHEN i_hash[holder] <> i_hash[c] THEN 3 ELSE 2 END;
                versions[c] := versions[holder];
                positions[c] := positions[holder];
                holders[c] := c_id[holder];
                statuses[c] := i_status[holder];
                answers[c] := i_answer[holder];
            END IF;
        END IF;

        IF outcome = 0 AND (at_version[stream] <> c_expected[c] OR of_tenant[stream] <> c_tenant[c]) THEN
            outcome := 1;
            versions[c] := at_version[stream];
            IF again AND c_count[c] > 0 THEN
                SELECT e.position, e.recorded_at INTO landed
                  FROM events e
                 WHERE e.aggregate_type = c_type[c] AND e.aggregate_id = c_id[c]
                   AND e.sequence = c_expected[c] + 1
                   AND e.event_id = e_id[array_position(e_command, c)];
                IF FOUND THEN
                    outcome := 5;
                    versions[c] := c_expected[c] + c_count[c];
                    positions[c] := landed.position + c_count[c] - 1;
                    times[c] := landed.recorded_at;
                END IF;
            END IF;
        END IF;

        IF outcome = 0 AND c = ANY (k_command) THEN
            -- Held in the log, or by a command before this one in the batch.
            SELECT k.kind, k.value, k.holder INTO taken
              FROM (SELECT mine.kind, mine.value, coalesce(
                             (SELECT t.aggregate_id FROM claims t
                               WHERE t.tenant_id = c_tenant[c] AND t.kind = mine.kind AND t.value = mine.value),
                             (SELECT c_id[other.command]
                                FROM unnest(k_command, k_kind, k_value) AS other (command, kind, value)
                               WHERE other.command < c AND refused[other.command] = 0
                                 AND c_tenant[other.command] = c_tenant[c]
                                 AND other.kind = mine.kind AND other.value = mine.value
                               LIMIT 1)) AS holder
                      FROM unnest(k_command, k_kind, k_value) AS mine (command, kind, value)
                     WHERE mine.command = c) AS k
             WHERE k.holder <> c_id[c]
             LIMIT 1;
            IF FOUND THEN
                outcome := 4;
                holders[c] := taken.holder;
                answers[c] := json_build_object('kind', taken.kind, 'value', taken.value);
            END IF;
        END IF;

        IF outcome = 0 THEN
            last := last + c_count[c];
            at_version[stream] := c_expected[c] + c_count[c];
            of_tenant[stream] := c_tenant[c];
            versions[c] := at_version[stream];
            positions[c] := last;
            IF keyed AND i_key[c] IS NOT NULL THEN
                key_holder[i_group[c]] := c;
            END IF;
        END IF;
        refused[c] := outcome;
    END LOOP;
END
$$;

-- Numbers, n at a time.
CREATE FUNCTION take_numbers(tenant uuid, of_period text, n bigint) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY INVOKER
    SET search_path = public, pg_temp
AS $$
    INSERT INTO number_sequences AS s (tenant_id, period, last) VALUES (tenant, of_period, n)
    ON CONFLICT (tenant_id, period) DO UPDATE SET last = s.last + n
    RETURNING last
$$;

REVOKE ALL ON FUNCTION append_events, judge_appends, take_numbers FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append_events, judge_appends, take_numbers TO docket_command;
