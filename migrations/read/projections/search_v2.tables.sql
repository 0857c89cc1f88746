-- The words of tickets, a row per piece of text, so that an edit or a redaction replaces exactly its
-- own words, and a long conversation is not indexed anew with each message.
CREATE TABLE texts (
    ticket_id uuid NOT NULL,
    piece     uuid NOT NULL,      -- a message's id; for the ticket's own, see the projection
    tenant_id uuid NOT NULL,
    internal  boolean NOT NULL,   -- a note's words: they must not find anything for a customer
    words     tsvector NOT NULL,  -- made by domain/src/search; A subject, B number and description, C messages, D who asked
    PRIMARY KEY (ticket_id, piece)
);
-- How tags are written, `VIP` and `vip`, which are one: the same key. As each was written first.
CREATE TABLE tags (
    tenant_id uuid NOT NULL,
    key       text COLLATE "C" NOT NULL,
    spelling  text COLLATE "C" NOT NULL,
    position  bigint NOT NULL,
    PRIMARY KEY (tenant_id, key, spelling)
);
