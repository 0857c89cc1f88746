-- The words of tickets, a row per piece of text, so that an edit or a redaction replaces exactly its
-- own words, and a long conversation is not indexed anew with each message.
CREATE TABLE texts (
    ticket_id uuid NOT NULL,
    piece     uuid NOT NULL,      -- a message's id; for the ticket's own, see the projection
    tenant_id uuid NOT NULL,
    internal  boolean NOT NULL,   -- a note's words: they must not find anything for a customer
    words     tsvector NOT NULL,  -- 'simple': of every language; A subject and number, B description, C messages
    PRIMARY KEY (ticket_id, piece)
);
