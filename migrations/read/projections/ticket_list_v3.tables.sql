-- One row per ticket: what lists filter and sort by, and the head of the ticket's page.
-- Text that is compared or sorted is COLLATE "C": cursors must not depend on the system's locale.
CREATE TABLE tickets (
    id                       uuid PRIMARY KEY,
    tenant_id                uuid NOT NULL,
    number                   text COLLATE "C" NOT NULL,
    subject                  text NOT NULL,
    description              text NOT NULL,
    status                   text COLLATE "C" NOT NULL,
    status_category          text COLLATE "C" NOT NULL,
    priority                 text COLLATE "C" NOT NULL,
    priority_rank            integer NOT NULL,           -- lower is more urgent
    category                 text COLLATE "C",
    request_type             text COLLATE "C",
    source                   text COLLATE "C" NOT NULL,
    agent                    text COLLATE "C",
    team                     text COLLATE "C",
    organization             text COLLATE "C",           -- the assigned one, else the routed one
    assigned_organization    text COLLATE "C",
    routed_organization      text COLLATE "C",
    routing                  text COLLATE "C" NOT NULL,  -- internal, organization, hybrid
    requester_id             text COLLATE "C" NOT NULL,
    requester_name           text,
    requester_email          text,
    requester_organization   text COLLATE "C",
    tags                     text[] NOT NULL,            -- in the order in which they were put on
    custom_fields            jsonb NOT NULL,
    rating                   smallint,
    rating_comment           text,
    resolution_notes         text,
    reopen_count             integer NOT NULL,
    escalation_level         integer NOT NULL,
    escalated_to_role        text COLLATE "C",
    escalated_to_agent       text COLLATE "C",
    escalated_to_team        text COLLATE "C",
    public_messages          integer NOT NULL,
    internal_messages        integer NOT NULL,
    created_at               timestamptz NOT NULL,
    updated_at               timestamptz NOT NULL,       -- last change that a customer may know of
    internal_updated_at      timestamptz NOT NULL,       -- last change of any kind
    first_responded_at       timestamptz,
    resolved_at              timestamptz,
    closed_at                timestamptz,
    last_customer_message_at timestamptz,
    last_agent_message_at    timestamptz,                -- public ones
    spam                     boolean NOT NULL,
    deleted                  boolean NOT NULL,
    version                  bigint NOT NULL,
    position                 bigint NOT NULL,            -- of the last event
    public_version           bigint NOT NULL,            -- the events that a customer may know of
    public_position          bigint NOT NULL             -- of the last of those
) WITH (fillfactor = 85);
