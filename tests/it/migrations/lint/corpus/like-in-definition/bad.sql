-- postgres: done
-- sqlite: done
-- file: 20260301000000_case.up.sql
CREATE TABLE items (id BIGINT PRIMARY KEY, name TEXT, CONSTRAINT coded CHECK (name LIKE 'A%')); -- <- like-in-definition
