-- look: SELECT CAST(quantity AS TEXT) FROM orders WHERE number = 2
-- postgres: 1
-- sqlite: 1
-- file: 20260301000000_case.up.sql
UPDATE orders SET quantity = 1 WHERE number = 1 AND placed_at > '2024-06-14T00:00:00.000000Z';
UPDATE orders SET quantity = 1 WHERE number = 2 AND id = '0190163d-8694-739b-aea5-966c26f8ad02';
