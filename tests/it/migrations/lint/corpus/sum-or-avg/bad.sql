-- look: SELECT email FROM customers WHERE name = 'Sum'
-- postgres: sum 2.0000000000000000
-- sqlite: sum 2.0
-- file: 20260301000000_case.up.sql
INSERT INTO customers (id, name, email)
    SELECT '0190163d-8694-739b-aea5-966c26f8ad91', 'Sum', 'sum ' || avg(number) FROM orders; -- <- sum-or-avg
