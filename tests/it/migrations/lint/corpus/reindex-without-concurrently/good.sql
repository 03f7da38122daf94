-- shows: ShareUpdateExclusiveLock
-- file: postgres/20260301000000_case.up.sql
-- no-transaction
REINDEX INDEX CONCURRENTLY orders_due;
-- file: sqlite/20260301000000_case.up.sql
-- nothing to do here
