-- How each ticket stands with what was promised for it. A function of the log: warned and overdue is what
-- was raised as such.
CREATE TABLE standings (
    ticket_id         uuid PRIMARY KEY,
    tenant_id         uuid NOT NULL,
    state             text COLLATE "C",      -- on_track, …, met, missed; null: nothing is promised, or all is void
    policy            text COLLATE "C",      -- that holds now
    due_at            timestamptz NOT NULL,  -- the next due time of what runs; 9999-12-31 if nothing does
    response_state    text COLLATE "C",      -- of the first response, or of the next reply while that is owed
    response_due_at   timestamptz,
    resolution_state  text COLLATE "C",
    resolution_due_at timestamptz,
    next_at           timestamptz,           -- when something is to be raised, or the ticket to close
    live              boolean NOT NULL,      -- other rules may change something
    memory            bytea NOT NULL         -- what the fold needs for the next event
) WITH (fillfactor = 85);
-- Clocks of which it is decided whether they were kept: at the due time, if not; else when they stopped.
CREATE TABLE outcomes (
    ticket_id    uuid NOT NULL,
    metric       text COLLATE "C" NOT NULL,  -- first_response, next_reply, resolution
    instance     integer NOT NULL,
    tenant_id    uuid NOT NULL,
    policy       text COLLATE "C" NOT NULL,
    priority     text COLLATE "C" NOT NULL,  -- this and what follows: as it was when it was decided
    agent        text COLLATE "C",
    team         text COLLATE "C",
    organization text COLLATE "C",           -- the requester's
    missed       boolean NOT NULL,
    decided_at   timestamptz NOT NULL,
    PRIMARY KEY (ticket_id, metric, instance)
) WITH (fillfactor = 95);
-- How many of them were kept in each hour: what is asked for most is a sum of these.
CREATE TABLE outcome_hours (
    tenant_id uuid NOT NULL,
    hour      timestamptz NOT NULL,        -- of UTC: when it began in which it was decided
    metric    text COLLATE "C" NOT NULL,
    met       bigint NOT NULL,
    missed    bigint NOT NULL,
    PRIMARY KEY (tenant_id, hour, metric)
) WITH (fillfactor = 70);
-- How many tickets stand how.
CREATE TABLE state_counts (
    tenant_id uuid NOT NULL,
    state     text COLLATE "C" NOT NULL,
    count     bigint NOT NULL,
    PRIMARY KEY (tenant_id, state)
) WITH (fillfactor = 50);
-- The configurations that tenants had: clocks stand under one of them. Version 0 is what all start with.
CREATE TABLE configurations (
    tenant_id     uuid NOT NULL,
    version       bigint NOT NULL,
    configuration json NOT NULL,
    rules_version bigint NOT NULL,  -- whose rules hold: an older one's, where this doesn't hold together
    PRIMARY KEY (tenant_id, version)
);
