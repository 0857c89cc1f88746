-- The relay's state, one row per cell: who leads until when, and how far the stream is known to be.
CREATE TABLE relay_state (
    cell        text        PRIMARY KEY,
    -- The stream's incarnation: goes up when the stream is built anew.
    epoch       bigint      NOT NULL DEFAULT 0,
    -- The last position that the stream acknowledged in this epoch.
    position    bigint      NOT NULL DEFAULT 0,
    -- The fencing token: goes up with every change of leader.
    term        bigint      NOT NULL DEFAULT 0,
    leader      text,
    lease_until timestamptz,
    -- An operator wants the stream built anew.
    reset       boolean     NOT NULL DEFAULT false,
    updated_at  timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 20);

-- Aggregates that a projection can't go on with, by an event that it couldn't apply. Later events
-- of the aggregate wait behind that one; they are in the log, so only the first is noted.
CREATE TABLE parked_streams (
    projection     text        NOT NULL,
    aggregate_type text        NOT NULL,
    aggregate_id   text        NOT NULL,
    tenant_id      uuid        NOT NULL,
    -- The event that couldn't be applied; it and all after it in the stream wait.
    position       bigint      NOT NULL,
    sequence       bigint      NOT NULL,
    event_id       uuid        NOT NULL,
    event_type     text        NOT NULL,
    error          text        NOT NULL,
    attempts       integer     NOT NULL DEFAULT 1,
    parked_at      timestamptz NOT NULL DEFAULT now(),
    -- What an operator asked for: 'retry' or 'skip'.
    requested      text        CHECK (requested IN ('retry', 'skip')),
    PRIMARY KEY (projection, aggregate_type, aggregate_id)
);

-- Events that an operator had a projection leave out; a rebuild leaves them out too.
CREATE TABLE parked_events_skipped (
    projection text        NOT NULL,
    position   bigint      NOT NULL,
    event_id   uuid        NOT NULL,
    error      text        NOT NULL,
    skipped_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (projection, position)
);

REVOKE ALL ON relay_state, parked_streams, parked_events_skipped FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON relay_state TO docket_command;
GRANT SELECT ON relay_state TO docket_projection, docket_query;
GRANT SELECT, INSERT, UPDATE, DELETE ON parked_streams, parked_events_skipped TO docket_projection;
GRANT SELECT ON parked_streams, parked_events_skipped TO docket_command, docket_query;
