-- What an append writes beside its events, in the same statement, and what leads to an append.

-- Answers by idempotency key, kept for 24 hours at least.
CREATE TABLE idempotency_keys (
    tenant_id    uuid        NOT NULL,
    user_id      text        COLLATE "C" NOT NULL,
    key          text        COLLATE "C" NOT NULL,
    request_hash bytea       NOT NULL CHECK (octet_length(request_hash) = 32),
    command_id   uuid        NOT NULL,
    aggregate_id text        NOT NULL,
    version      bigint      NOT NULL,
    position     bigint      NOT NULL,
    status       smallint    NOT NULL,
    answer       json        NOT NULL,
    recorded_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, user_id, key)
);
-- For pruning alone; rows come in this order.
CREATE INDEX idempotency_keys_age ON idempotency_keys USING brin (recorded_at)
    WITH (pages_per_range = 32, autosummarize = on);

-- What one aggregate of a tenant has to itself, such as a ticket number.
CREATE TABLE claims (
    tenant_id    uuid NOT NULL,
    kind         text COLLATE "C" NOT NULL,
    value        text COLLATE "C" NOT NULL,
    aggregate_id text NOT NULL,
    PRIMARY KEY (tenant_id, kind, value)
);

-- The last number that was handed out, by tenant and period.
CREATE TABLE number_sequences (
    tenant_id uuid   NOT NULL,
    period    text   NOT NULL,
    last      bigint NOT NULL CHECK (last > 0),
    PRIMARY KEY (tenant_id, period)
) WITH (fillfactor = 50);

REVOKE ALL ON idempotency_keys, claims, number_sequences FROM PUBLIC;
GRANT SELECT, INSERT, DELETE ON idempotency_keys TO docket_command;
GRANT SELECT, INSERT ON claims TO docket_command;
GRANT SELECT, INSERT, UPDATE ON number_sequences TO docket_command;
GRANT SELECT ON idempotency_keys, claims, number_sequences TO docket_projection;
