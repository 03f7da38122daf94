-- shows: AccessExclusiveLock, read
-- file: postgres/20260301000000_case.up.sql
ALTER TABLE orders ALTER COLUMN quantity SET NOT NULL; -- <- set-not-null
-- file: sqlite/20260301000000_case.up.sql
-- nothing to do here
