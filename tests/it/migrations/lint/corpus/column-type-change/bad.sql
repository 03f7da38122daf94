-- shows: AccessExclusiveLock, read, rewritten
-- file: postgres/20260301000000_case.up.sql
ALTER TABLE orders ALTER COLUMN quantity TYPE BIGINT; -- <- column-type-change
-- file: sqlite/20260301000000_case.up.sql
-- nothing to do here
