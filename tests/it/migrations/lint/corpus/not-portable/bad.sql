-- postgres: fails
-- sqlite: fails
-- file: 20260301000000_case.up.sql
CREATE TABLE items (
    id UUID PRIMARY KEY,
    at TIMESTAMP -- <- not-portable
);
