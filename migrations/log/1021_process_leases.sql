-- Which instance does the work of a process, and until when. A process whose work is safe to be done
-- twice (its events are refused the second time) needs no more than this.
CREATE TABLE process_leases (
    process     text        PRIMARY KEY,
    instance    text        NOT NULL,
    lease_until timestamptz NOT NULL
) WITH (fillfactor = 20);

REVOKE ALL ON process_leases FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON process_leases TO docket_command;
