-- look: SELECT CAST(number AS TEXT) FROM orders WHERE quantity = 1
-- postgres: 1
-- sqlite: 3
-- file: 20260301000000_case.up.sql
UPDATE orders SET quantity = 1 WHERE id IN (SELECT id FROM orders ORDER BY note LIMIT 1); -- <- order-by-nulls
