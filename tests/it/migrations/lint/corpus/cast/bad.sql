-- look: SELECT CAST(quantity AS TEXT) FROM orders WHERE number = 1
-- postgres: 3
-- sqlite: 2
-- file: 20260301000000_case.up.sql
UPDATE orders SET quantity = CAST(2.5 AS BIGINT) WHERE number = 1; -- <- cast
