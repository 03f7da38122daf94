-- shows: ShareUpdateExclusiveLock, read
-- file: postgres/20260201000000_before.up.sql
ALTER TABLE orders ADD CONSTRAINT positive CHECK (number > 0) NOT VALID;
-- file: sqlite/20260201000000_before.up.sql
-- nothing to do here
-- file: postgres/20260301000000_case.up.sql
ALTER TABLE orders VALIDATE CONSTRAINT positive;
-- file: sqlite/20260301000000_case.up.sql
-- nothing to do here
