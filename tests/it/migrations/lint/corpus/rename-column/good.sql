-- shows: AccessExclusiveLock
-- file: 20260301000000_case.up.sql
ALTER TABLE orders ADD COLUMN remark VARCHAR(200);
