-- look: SELECT email FROM customers WHERE name = 'Sum'
-- postgres: sum 6
-- sqlite: sum 6
-- file: 20260301000000_case.up.sql
INSERT INTO customers (id, name, email)
    SELECT '0190163d-8694-739b-aea5-966c26f8ad91', 'Sum', 'sum ' || CAST(sum(number) AS BIGINT) FROM orders;
