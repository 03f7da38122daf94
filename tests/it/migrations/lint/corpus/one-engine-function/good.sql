-- look: SELECT email FROM customers WHERE name = 'Ada'
-- postgres: ada@example.org
-- sqlite: ada@example.org
-- file: 20260301000000_case.up.sql
UPDATE customers SET email = lower(name) || '@example.org' WHERE name = 'Ada';
