-- shows: gone
-- breaks: SELECT number FROM orders
-- file: 20260301000000_case.up.sql
DROP VIEW numbers; -- <- drop-table
DROP TABLE orders; -- <- drop-table
