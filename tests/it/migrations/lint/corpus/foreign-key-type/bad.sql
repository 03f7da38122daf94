-- postgres: fails: cannot be implemented
-- sqlite: done
-- file: 20260301000000_case.up.sql
CREATE TABLE parcels (
    id UUID PRIMARY KEY,
    buyer TEXT NOT NULL REFERENCES customers (id) -- <- foreign-key-type
);
