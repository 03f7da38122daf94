-- shows: AccessExclusiveLock
-- file: postgres/20260301000000_case.up.sql
ALTER TABLE orders ADD CONSTRAINT positive CHECK (number > 0) NOT VALID;
-- file: sqlite/20260301000000_case.up.sql
-- nothing to do here
