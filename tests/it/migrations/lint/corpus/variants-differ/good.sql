-- postgres: done
-- sqlite: done
-- file: postgres/20260301000000_case.up.sql
ALTER TABLE customers ADD CONSTRAINT named CHECK (name <> '') NOT VALID;
-- file: sqlite/20260301000000_case.up.sql
-- The columns as `twinbase migrate sql --engine sqlite` shows them, less their CHECKs.
CREATE TABLE customers_new (
    id UUID_TEXT NOT NULL PRIMARY KEY,
    name VARCHAR(80) NOT NULL CONSTRAINT named CHECK (name <> ''),
    email TEXT,
    since DATE_TEXT CHECK (date(since, '+0 days') IS since)
);
INSERT INTO customers_new (id, name, email, since) SELECT id, name, email, since FROM customers;
DROP TABLE customers;
ALTER TABLE customers_new RENAME TO customers;
