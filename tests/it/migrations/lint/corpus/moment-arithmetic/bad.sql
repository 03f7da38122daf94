-- look: SELECT CAST(quantity AS TEXT) FROM orders WHERE number = 1
-- postgres: 1
-- sqlite: 7
-- file: 20260301000000_case.up.sql
UPDATE orders SET quantity = 1 WHERE number = 1 AND due + 1 > '2024-06-14'; -- <- moment-arithmetic
