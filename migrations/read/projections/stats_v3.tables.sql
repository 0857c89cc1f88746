-- What each ticket counts under, and what its fold needs.
CREATE TABLE measured (
    ticket_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    priority  text COLLATE "C" NOT NULL,  -- each of these '' for none
    category  text COLLATE "C" NOT NULL,
    source    text COLLATE "C" NOT NULL,
    team      text COLLATE "C" NOT NULL,
    agent     text COLLATE "C" NOT NULL,
    tags      text[] COLLATE "C" NOT NULL,
    hidden    boolean NOT NULL,           -- spam or put away: counts nowhere
    memory    bytea NOT NULL
) WITH (fillfactor = 80);

-- Everything that is counted, with the moment at which it happened. Any figure is a sum of these.
CREATE TABLE facts (
    ticket_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    measure   text COLLATE "C" NOT NULL,  -- created, resolved, …, rating
    at        timestamptz NOT NULL,
    part      text COLLATE "C" NOT NULL,  -- of several of its kind, which: a status, a currency; else ''
    agent     text COLLATE "C",           -- for whom it counts where that isn't who has the ticket
    bin       integer NOT NULL,           -- of times: the sketch's; of ratings: the rating; else 0
    value     bigint NOT NULL             -- of times: milliseconds; of the backlog: more or less; of costs: hundredths
);
-- What stands no longer is taken out.
CREATE INDEX facts_of_ticket ON facts (ticket_id, measure);

-- The same summed up by days of the tenant's time zone, and by months: what most questions are about.
CREATE TABLE days (
    tenant_id uuid NOT NULL,
    dimension text COLLATE "C" NOT NULL,  -- total, priority, category, source, team, agent, tag
    months    boolean NOT NULL,           -- of a whole month, which begins on the day
    measure   text COLLATE "C" NOT NULL,
    day       date NOT NULL,
    key       text COLLATE "C" NOT NULL,  -- '' for none, and for the total
    part      text COLLATE "C" NOT NULL,
    count     bigint NOT NULL,
    sum       bigint NOT NULL,
    bins      bytea NOT NULL,             -- how many in each bin; of what only happened, in each hour of the day
    PRIMARY KEY (tenant_id, dimension, months, measure, day, key, part)
) WITH (fillfactor = 70);

-- What a tenant's figures are reckoned by, and the last event that was one of theirs.
CREATE TABLE offices (
    tenant_id     uuid PRIMARY KEY,
    reporting     text NOT NULL,          -- JSON
    configuration text NOT NULL,          -- JSON: policies and calendars
    time_zone     text NOT NULL,
    changed_at    bigint NOT NULL
) WITH (fillfactor = 50);
-- All of a tenant's together summed up by hours and by quarters of an hour, of UTC: what the last day and the
-- last week have brought, up to this moment.
CREATE TABLE hours (
    tenant_id uuid NOT NULL,
    minutes   smallint NOT NULL,          -- how long it is: 60 or 15
    measure   text COLLATE "C" NOT NULL,
    at        timestamptz NOT NULL,       -- when it begins
    part      text COLLATE "C" NOT NULL,
    count     bigint NOT NULL,
    sum       bigint NOT NULL,
    bins      bytea NOT NULL,             -- how many in each bin; of what only happened, all in one
    PRIMARY KEY (tenant_id, minutes, measure, at, part)
) WITH (fillfactor = 80);
