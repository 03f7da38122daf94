-- shows: AccessExclusiveLock
-- breaks: SELECT weight FROM orders
-- file: 20260301000000_case.up.sql
ALTER TABLE orders DROP COLUMN weight; -- <- drop-column
