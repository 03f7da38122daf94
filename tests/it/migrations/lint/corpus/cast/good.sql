-- look: SELECT CAST(quantity AS TEXT) FROM orders WHERE number = 1
-- postgres: 1
-- sqlite: 1
-- file: 20260301000000_case.up.sql
UPDATE orders SET quantity = CAST(number AS INTEGER) WHERE number = 1;
