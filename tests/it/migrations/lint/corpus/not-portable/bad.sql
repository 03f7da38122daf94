-- postgres: fails: is not a portable column type
-- sqlite: fails: is not a portable column type
-- file: 20260301000000_case.up.sql
CREATE TABLE items (
    id UUID PRIMARY KEY,
    at TIMESTAMP -- <- not-portable
);
