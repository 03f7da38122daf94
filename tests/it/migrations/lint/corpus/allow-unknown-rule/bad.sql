-- postgres: done
-- sqlite: done
-- file: postgres/20260301000000_case.up.sql
-- lint: allow truncat it is a cache
-- ^ allow-unknown-rule
-- lint: allow not-portable it is a cache
-- ^ allow-unknown-rule
TRUNCATE orders; -- <- truncate
-- file: sqlite/20260301000000_case.up.sql
DELETE FROM orders;
