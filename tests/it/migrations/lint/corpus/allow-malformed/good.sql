-- postgres: done
-- sqlite: done
-- file: postgres/20260301000000_case.up.sql
-- lint: allow TRUNCATE it is a cache
TRUNCATE orders;
-- file: sqlite/20260301000000_case.up.sql
DELETE FROM orders;
