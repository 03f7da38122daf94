-- postgres: fails: begins or ends a transaction
-- sqlite: fails: begins or ends a transaction
-- file: 20260301000000_case.up.sql
CREATE TABLE items (id UUID PRIMARY KEY);
COMMIT; -- <- refused-by-runner, one-engine-statement
CREATE TABLE more (id UUID PRIMARY KEY);
