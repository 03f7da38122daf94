-- postgres: done
-- sqlite: done
-- file: postgres/20260301000000_case.up.sql
-- lint: allow truncate
-- ^ allow-malformed
-- lint: allowed truncate it is a cache
-- ^ allow-malformed
/* lint: allow truncate it is a cache */
-- ^ allow-malformed
-- Lint: allow truncate it is a cache
-- ^ allow-malformed
-- lint : allow truncate it is a cache
-- ^ allow-malformed
-- lint: allow truncate, it is a cache
-- ^ allow-malformed
-- lint: allow truncate: it is a cache
-- ^ allow-malformed
TRUNCATE orders; -- <- truncate
-- file: sqlite/20260301000000_case.up.sql
DELETE FROM orders;
