-- look: SELECT CAST(quantity AS TEXT) FROM orders WHERE number = 2
-- postgres: 1
-- sqlite: 5
-- file: 20260301000000_case.up.sql
UPDATE orders SET quantity = 1 WHERE number = 1 AND placed_at > '2024-06-14'; -- <- literal-beside-column
UPDATE orders SET quantity = 1 WHERE number = 2 AND id = '0190163D-8694-739B-AEA5-966C26F8AD02'; -- <- literal-beside-column
