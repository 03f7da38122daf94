-- shows: fails: cannot run inside a transaction block
-- file: postgres/20260301000000_case.up.sql
CREATE INDEX CONCURRENTLY orders_number ON orders (number); -- <- concurrently-in-transaction
-- file: sqlite/20260301000000_case.up.sql
CREATE INDEX orders_number ON orders (number);
