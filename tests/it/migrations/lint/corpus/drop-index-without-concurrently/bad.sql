-- shows: AccessExclusiveLock
-- file: 20260301000000_case.up.sql
DROP INDEX orders_due; -- <- drop-index-without-concurrently
