-- Figures by the quarter of an hour (all time zones begin their days on one), each ticket's under what it
-- is now: one row for each measure, value of a dimension, quarter and bin. A figure over a longer time, or
-- over all, is a sum of rows.
CREATE TABLE cells (
    tenant_id uuid NOT NULL,
    measure   text COLLATE "C" NOT NULL,  -- created, resolved, …, backlog, …, rating
    dimension text COLLATE "C" NOT NULL,  -- total, priority, category, source, team, agent
    key       text COLLATE "C" NOT NULL,  -- '' for none, and for the total
    at        timestamptz NOT NULL,       -- when the quarter of an hour began in which it happened
    bin       integer NOT NULL,           -- of times: the sketch's; of ratings: the rating; else 0
    count     bigint NOT NULL,
    sum       bigint NOT NULL,            -- of times: milliseconds; of ratings: ratings; of the backlog: more or less
    PRIMARY KEY (tenant_id, measure, dimension, key, at, bin)
) WITH (fillfactor = 70);
-- What each ticket is counted as now.
CREATE TABLE figures (
    ticket_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    memory    bytea NOT NULL
) WITH (fillfactor = 85);
