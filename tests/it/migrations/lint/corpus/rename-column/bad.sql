-- shows: AccessExclusiveLock
-- breaks: SELECT note FROM orders
-- file: 20260301000000_case.up.sql
ALTER TABLE orders RENAME COLUMN note TO remark; -- <- rename-column
