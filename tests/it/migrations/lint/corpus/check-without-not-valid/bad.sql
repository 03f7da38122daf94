-- shows: AccessExclusiveLock, read
-- file: postgres/20260301000000_case.up.sql
ALTER TABLE orders ADD CONSTRAINT positive CHECK (number > 0); -- <- check-without-not-valid
-- file: sqlite/20260301000000_case.up.sql
-- nothing to do here
