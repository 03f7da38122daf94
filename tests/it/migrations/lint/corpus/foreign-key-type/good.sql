-- postgres: done
-- sqlite: done
-- file: 20260301000000_case.up.sql
CREATE TABLE parcels (
    id UUID PRIMARY KEY,
    buyer UUID NOT NULL REFERENCES customers (id)
);
