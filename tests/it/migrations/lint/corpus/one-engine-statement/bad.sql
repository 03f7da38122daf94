-- postgres: done
-- sqlite: fails
-- file: 20260301000000_case.up.sql
ALTER TABLE customers ADD CONSTRAINT named CHECK (name <> '') NOT VALID; -- <- one-engine-statement
