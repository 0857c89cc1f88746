-- The audit trail: one row per thing that changed. Message texts are not copied here, so that a
-- redaction has one place to empty.
CREATE TABLE activity (
    tenant_id   uuid NOT NULL,
    position    bigint NOT NULL,
    ordinal     smallint NOT NULL,             -- within the event, from 0
    ticket_id   uuid,                          -- none for what happens to the tenant itself
    event_id    uuid NOT NULL,
    event_type  text COLLATE "C" NOT NULL,
    type        text COLLATE "C" NOT NULL,     -- created, status_changed, assigned, …
    field       text COLLATE "C",
    old_value   text,
    new_value   text,
    reason      text,
    message_id  uuid,
    actor_id    text COLLATE "C" NOT NULL,
    actor_kind  text COLLATE "C" NOT NULL,
    actor_name  text,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    ip          text COLLATE "C",              -- these three are for staff alone
    user_agent  text,
    request_id  text,
    internal    boolean NOT NULL,              -- never for a customer's eyes
    stretch     integer NOT NULL GENERATED ALWAYS AS ((position >> 12)::integer) STORED, -- of 4,096 positions
    PRIMARY KEY (tenant_id, position, ordinal)
);
-- The files of a message, whose names go when it is redacted.
CREATE INDEX activity_files ON activity (message_id) WHERE type = 'attachment_added';
-- Who had a ticket, from when until when (none: to this day).
CREATE TABLE assignments (
    ticket_id        uuid NOT NULL,
    position         bigint NOT NULL,          -- of the event that made it so
    tenant_id        uuid NOT NULL,
    agent            text COLLATE "C",
    team             text COLLATE "C",
    organization     text COLLATE "C",
    assigned_from    timestamptz NOT NULL,
    assigned_until   timestamptz,
    assigned_by      text COLLATE "C" NOT NULL,
    assigned_by_kind text COLLATE "C" NOT NULL,
    assigned_by_name text,
    reason           text,
    PRIMARY KEY (ticket_id, position)
);
-- The one assignment that holds, found without reading a ticket's history.
CREATE INDEX assignments_current ON assignments (ticket_id) WHERE assigned_until IS NULL;
