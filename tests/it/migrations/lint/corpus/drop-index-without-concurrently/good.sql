-- shows: ShareUpdateExclusiveLock
-- file: postgres/20260301000000_case.up.sql
-- no-transaction
DROP INDEX CONCURRENTLY orders_due;
-- file: sqlite/20260301000000_case.up.sql
DROP INDEX orders_due;
