-- postgres: done
-- sqlite: done
-- file: 20260301000000_case.up.sql
INSERT INTO orders (id, number, price, paid, placed_at) VALUES
    ('0190163d-8694-739b-aea5-966c26f8ad91', 9, '1.5', TRUE, '2024-06-14T07:05:09.000000Z');
UPDATE orders SET price = 1.5, quantity = 2, due = '2024-06-14' WHERE number = 1;
