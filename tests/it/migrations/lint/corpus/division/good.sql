-- look: SELECT CAST(quantity AS TEXT) FROM orders WHERE number = 2
-- postgres: 1
-- sqlite: 1
-- file: 20260301000000_case.up.sql
UPDATE orders SET quantity = quantity / nullif(number - number, 0) WHERE number = 1;
UPDATE orders SET quantity = number / 2 WHERE number = 2;
