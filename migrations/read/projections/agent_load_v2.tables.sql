-- How many tickets, neither deleted nor spam, an agent has. An agent without any has no row.
CREATE TABLE load (
    tenant_id        uuid NOT NULL,
    agent            text COLLATE "C" NOT NULL,
    assigned         bigint NOT NULL,  -- all of them, the done ones too
    active           bigint NOT NULL,  -- neither resolved nor closed nor cancelled
    new              bigint NOT NULL,  -- by category of the status …
    open             bigint NOT NULL,
    pending_customer bigint NOT NULL,
    pending_internal bigint NOT NULL,
    resolved         bigint NOT NULL,
    closed           bigint NOT NULL,
    cancelled        bigint NOT NULL,
    in_progress      bigint NOT NULL,  -- of the open ones, those whose status has this key
    PRIMARY KEY (tenant_id, agent)
) WITH (fillfactor = 50);
-- What each ticket is counted as now.
CREATE TABLE loaded (
    ticket_id       uuid PRIMARY KEY,
    tenant_id       uuid NOT NULL,
    agent           text,
    status          text NOT NULL,
    status_category text NOT NULL,
    spam            boolean NOT NULL,
    deleted         boolean NOT NULL
) WITH (fillfactor = 85);
