-- What the clocks of the imported incidents must say, reckoned from the file's rows alone: profile D's
-- promises, counted on Monday to Friday from 9 to 17 UTC, in whole minutes. `incident_rows` holds the
-- file: number, row (from 1), state, priority, opened and updated. $1 is the end of the trial.
--
-- Minutes worked before a moment, since Monday, 5 January 1970: 480 a working day.
WITH times AS (
    SELECT number, row, state, left(priority, 1)::int AS rank,
           CASE WHEN row = 1 THEN least(opened, updated) ELSE updated END AS stated
      FROM incident_rows
), ordered AS (
    -- A state that means nothing leaves the one before; times that run backwards stand still.
    SELECT number, row, rank, max(stated) OVER so_far AS at,
           (array_agg(state) FILTER (WHERE state <> '-100') OVER so_far) AS states
      FROM times WINDOW so_far AS (PARTITION BY number ORDER BY row)
), said AS (
    SELECT number, row, rank, at, states[cardinality(states)] AS state FROM ordered
), spans AS (
    SELECT number, row, rank, at, state,
           coalesce(lead(at) OVER (PARTITION BY number ORDER BY row), $1::timestamp) AS until,
           state IN ('Resolved', 'Closed') AS done,
           state IN ('New', 'Active', 'Awaiting Vendor', 'Awaiting Problem', 'Awaiting Evidence') AS runs
      FROM said
), measured AS (
    SELECT *, (at::date - DATE '1970-01-05') AS days, (until::date - DATE '1970-01-05') AS until_days,
           extract(hour FROM at)::int * 60 + extract(minute FROM at)::int - 540 AS minute,
           extract(hour FROM until)::int * 60 + extract(minute FROM until)::int - 540 AS until_minute
      FROM spans
), worked AS (
    SELECT *,
           480 * (days / 7 * 5 + least(days % 7, 5))
               + CASE WHEN days % 7 < 5 THEN least(greatest(minute, 0), 480) ELSE 0 END AS before,
           480 * (until_days / 7 * 5 + least(until_days % 7, 5))
               + CASE WHEN until_days % 7 < 5 THEN least(greatest(until_minute, 0), 480) ELSE 0 END AS until_before
      FROM measured
), last_open AS (
    SELECT *, max(row) FILTER (WHERE NOT done) OVER (PARTITION BY number) AS last_open FROM worked
), ranks AS (
    -- The resolution's promise is that of the row which resolved it for good; the response's, which
    -- nobody ever gave, that of the last row.
    SELECT number,
           max(rank) FILTER (WHERE row = coalesce(last_open + 1, 1)) AS resolved_as,
           (array_agg(rank ORDER BY row DESC))[1] AS last_as
      FROM last_open GROUP BY number
), promises AS (
    SELECT number, metric, target
      FROM ranks
      JOIN (VALUES ('first_response', 1, 15), ('first_response', 2, 60), ('first_response', 3, 240),
                   ('first_response', 4, 1440), ('resolution', 1, 120), ('resolution', 2, 480),
                   ('resolution', 3, 1440), ('resolution', 4, 4320)) AS t (metric, rank, target)
        ON t.rank = CASE t.metric WHEN 'resolution' THEN resolved_as ELSE last_as END
), clocks AS (
    SELECT w.*, p.metric, p.target,
           coalesce(sum(CASE WHEN runs THEN until_before - before ELSE 0 END)
               OVER (PARTITION BY w.number, p.metric ORDER BY row ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
               AS used_before
      FROM worked w JOIN promises p USING (number)
), reached AS (
    -- Where in this span the target is used up: so many minutes of work before that moment.
    SELECT *, target - used_before AS needed,
           before + target - used_before AS goal
      FROM clocks
), due AS (
    SELECT *,
           CASE WHEN needed = 0 THEN at
                ELSE TIMESTAMP '1970-01-05' + make_interval(
                         days => ((goal - 1) / 480 / 5 * 7 + (goal - 1) / 480 % 5)::int,
                         mins => (540 + (goal - 1) % 480 + 1)::int) END AS due
      FROM reached WHERE runs AND needed >= 0
)
SELECT c.number, c.metric, max(c.target) AS target,
       sum(CASE WHEN c.runs THEN c.until_before - c.before ELSE 0 END)::bigint AS used,
       max(d.due) AS due
  FROM clocks c
  LEFT JOIN (SELECT number, metric, min(due) AS due FROM due WHERE due < until GROUP BY number, metric) d
       ON d.number = c.number AND d.metric = c.metric
 GROUP BY c.number, c.metric
