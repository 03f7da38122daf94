-- postgres: done
-- sqlite: done
-- file: 20260301000000_case.up.sql
CREATE TABLE items (id UUID PRIMARY KEY, total BIGINT);
CREATE VIEW totals AS SELECT id, total FROM items;
