-- What is below each tenant, itself with a depth of 0: row-level security shows each tenant its own tree.
CREATE TABLE tree (
    tenant_id  uuid NOT NULL,
    descendant uuid NOT NULL,
    key        text NOT NULL,
    depth      integer NOT NULL,
    PRIMARY KEY (tenant_id, descendant)
);
-- Who is above a tenant, for those that are created below it.
CREATE INDEX tree_upwards ON tree (descendant);
