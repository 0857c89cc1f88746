-- How many tickets, neither deleted nor spam, an agent has. An agent without any has no row.
CREATE TABLE load (
    tenant_id uuid NOT NULL,
    agent     text COLLATE "C" NOT NULL,
    assigned  bigint NOT NULL,  -- all of them, the done ones too
    active    bigint NOT NULL,  -- neither resolved nor closed nor cancelled
    open      bigint NOT NULL,  -- in a status of the category open: in work
    resolved  bigint NOT NULL,  -- resolved, and not closed yet
    PRIMARY KEY (tenant_id, agent)
) WITH (fillfactor = 50);
-- What each ticket is counted as now.
CREATE TABLE loaded (
    ticket_id       uuid PRIMARY KEY,
    tenant_id       uuid NOT NULL,
    agent           text,
    status_category text NOT NULL,
    spam            boolean NOT NULL,
    deleted         boolean NOT NULL
) WITH (fillfactor = 85);
