-- How many tickets, neither deleted nor spam, have each value. A count of none has no row.
CREATE TABLE counts (
    tenant_id uuid NOT NULL,
    dimension text COLLATE "C" NOT NULL,  -- status, status_category, priority, category, source, agent, team, organization, total
    key       text COLLATE "C" NOT NULL,  -- '' for none (nobody's, without a category)
    open      boolean NOT NULL,           -- among those that somebody has to work on, or among the done
    count     bigint NOT NULL,
    PRIMARY KEY (tenant_id, dimension, key, open)
) WITH (fillfactor = 50);
-- What each ticket is counted as now.
CREATE TABLE counted (
    ticket_id             uuid PRIMARY KEY,
    tenant_id             uuid NOT NULL,
    status                text NOT NULL,
    status_category       text NOT NULL,
    priority              text NOT NULL,
    category              text,
    source                text NOT NULL,
    agent                 text,
    team                  text,
    assigned_organization text,
    routed_organization   text,
    spam                  boolean NOT NULL,
    deleted               boolean NOT NULL
) WITH (fillfactor = 85);
