-- postgres: done
-- sqlite: done
-- file: postgres/20260301000000_case.up.sql
-- lint: allow truncate it is a cache
-- ^ allow-unused
DELETE FROM orders WHERE number = 3;
TRUNCATE orders; -- <- truncate
-- lint: allow truncate nothing follows
-- ^ allow-unused
-- file: sqlite/20260301000000_case.up.sql
DELETE FROM orders;
