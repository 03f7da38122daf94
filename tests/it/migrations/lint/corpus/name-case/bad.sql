-- postgres: fails: column "total" does not exist
-- sqlite: done
-- file: 20260301000000_case.up.sql
CREATE TABLE items (id UUID PRIMARY KEY, "Total" BIGINT); -- <- name-case
CREATE VIEW totals AS SELECT id, total FROM items;
