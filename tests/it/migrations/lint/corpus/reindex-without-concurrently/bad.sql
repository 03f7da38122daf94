-- shows: ShareLock, read
-- waits: readers, writers
-- file: postgres/20260301000000_case.up.sql
REINDEX INDEX orders_due; -- <- reindex-without-concurrently
-- file: sqlite/20260301000000_case.up.sql
-- nothing to do here
