-- look: SELECT note FROM orders WHERE number = 1
-- postgres: gift
-- sqlite: gift
-- file: 20260301000000_case.up.sql
UPDATE orders SET note = 'gift' WHERE number = 1 AND lines IS NOT NULL;
