-- Replies and notes as they stand now.
CREATE TABLE messages (
    id               uuid PRIMARY KEY,
    tenant_id        uuid NOT NULL,
    ticket_id        uuid NOT NULL,
    kind             text COLLATE "C" NOT NULL,  -- comment: for everybody; note: for staff alone
    author_id        text COLLATE "C" NOT NULL,
    author_kind      text COLLATE "C" NOT NULL,  -- customer, agent, system
    author_name      text,
    body             text NOT NULL,              -- empty once redacted
    html             text,
    attachments      jsonb NOT NULL,             -- [{id, name, content_type, size}]; none once redacted
    canned_response  text,
    mentions         text[] NOT NULL,
    created_at       timestamptz NOT NULL,
    edited_at        timestamptz,
    edited_by        text COLLATE "C",
    edited_by_name   text,
    edits            integer NOT NULL,
    redacted         boolean NOT NULL,
    redacted_at      timestamptz,
    redacted_by      text COLLATE "C",
    redaction_reason text,
    position         bigint NOT NULL,            -- of the event that added it
    changed_position bigint NOT NULL             -- of the last event that changed it
);
-- Former texts, for staff alone. A redaction empties them too.
CREATE TABLE message_edits (
    position         bigint PRIMARY KEY,         -- of the edit
    tenant_id        uuid NOT NULL,
    ticket_id        uuid NOT NULL,
    message_id       uuid NOT NULL,
    former_body      text NOT NULL,
    former_html      text,
    edited_at        timestamptz NOT NULL,
    edited_by        text COLLATE "C" NOT NULL,
    edited_by_name   text
);
CREATE INDEX message_edits_message ON message_edits (message_id, position);
-- Who has read a message, and when first.
CREATE TABLE message_reads (
    message_id       uuid NOT NULL,
    reader           text COLLATE "C" NOT NULL,
    tenant_id        uuid NOT NULL,
    ticket_id        uuid NOT NULL,
    reader_kind      text COLLATE "C" NOT NULL,
    internal         boolean NOT NULL,           -- the message is a note
    read_at          timestamptz NOT NULL,
    position         bigint NOT NULL,
    PRIMARY KEY (message_id, reader)
);
-- Callers may choose a file's id, so it identifies nothing here: the place in the log does.
CREATE TABLE attachments (
    tenant_id        uuid NOT NULL,
    ticket_id        uuid NOT NULL,
    position         bigint NOT NULL,            -- of the event that added it
    ordinal          smallint NOT NULL,          -- within the message, from 0
    id               uuid NOT NULL,
    message_id       uuid NOT NULL,
    name             text NOT NULL,
    content_type     text NOT NULL,
    size             bigint NOT NULL,
    internal         boolean NOT NULL,           -- it hangs on a note
    created_at       timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, ticket_id, position, ordinal)
);
