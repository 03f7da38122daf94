-- shows: ShareUpdateExclusiveLock
-- file: postgres/20260301000000_case.up.sql
-- no-transaction
CREATE INDEX CONCURRENTLY orders_number ON orders (number);
-- file: sqlite/20260301000000_case.up.sql
CREATE INDEX orders_number ON orders (number);
