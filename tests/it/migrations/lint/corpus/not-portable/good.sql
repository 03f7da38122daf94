-- postgres: done
-- sqlite: done
-- file: 20260301000000_case.up.sql
CREATE TABLE items (
    id UUID PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);
