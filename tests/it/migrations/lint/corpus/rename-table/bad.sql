-- on: customers
-- shows: gone
-- breaks: SELECT name FROM customers
-- file: 20260301000000_case.up.sql
ALTER TABLE customers RENAME TO buyers; -- <- rename-table
