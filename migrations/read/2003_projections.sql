-- What each projection is at, for people: the state as the process that writes tells it, and what it
-- can't tell: that aggregates are parked, and that a new one is being built beside it (by a process
-- that lives: it holds a lock while it builds).
CREATE VIEW read.projections WITH (security_invoker = true) AS
SELECT c.projection AS name, c.version, c.position, c.updated_at, waiting.parked,
       CASE WHEN c.rebuilding AND builder.lives THEN 'rebuilding'
            WHEN c.state = 'live' AND waiting.parked > 0 THEN 'parked'
            ELSE c.state
       END AS state
FROM read.checkpoints AS c
CROSS JOIN LATERAL (
    SELECT count(*) AS parked FROM public.parked_streams AS p WHERE p.projection = c.projection
) AS waiting
CROSS JOIN LATERAL (
    SELECT c.rebuilding AND EXISTS (
        SELECT FROM pg_locks AS l
        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND (l.classid::int8 << 32 | l.objid::int8) = hashtextextended(c.projection, 55)
    ) AS lives
) AS builder;
ALTER VIEW read.projections OWNER TO docket_projection;
GRANT SELECT ON read.projections TO docket_query, docket_command;
