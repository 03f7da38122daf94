-- postgres: done
-- sqlite: done
-- file: 20260301000000_case.up.sql
CREATE TABLE items (id BIGINT PRIMARY KEY, name TEXT, CONSTRAINT coded CHECK (substr(name, 1, 1) = 'A'));
