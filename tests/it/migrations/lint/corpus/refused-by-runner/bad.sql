-- postgres: fails
-- sqlite: fails
-- file: 20260301000000_case.up.sql
CREATE TABLE items (id UUID PRIMARY KEY);
COMMIT; -- <- refused-by-runner, one-engine-statement
CREATE TABLE more (id UUID PRIMARY KEY);
