-- Which read models are kept up together, as the program that keeps them says when it is installed: those
-- of the lane `interactive` are what people stand in front of, and bulk work waits for them.
ALTER TABLE read.checkpoints ADD COLUMN lane text COLLATE "C" NOT NULL DEFAULT 'interactive';

-- What applying events costs, by read model: sums over the last transactions that were measured.
CREATE TABLE read.costs (
    projection text COLLATE "C" PRIMARY KEY,
    batches    bigint NOT NULL,          -- transactions
    events     bigint NOT NULL,          -- that they applied
    rows       bigint NOT NULL,          -- inserted, updated and deleted
    wal_bytes  bigint NOT NULL,          -- written ahead, at most: others write at the same time
    micros     bigint NOT NULL,          -- from the beginning of each transaction to its commit
    updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE read.costs OWNER TO docket_projection;
GRANT SELECT ON read.costs TO docket_query, docket_command;
