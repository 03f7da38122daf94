-- shows: AccessExclusiveLock, read
-- file: postgres/20260301000000_case.up.sql
ALTER TABLE orders ADD CONSTRAINT numbered UNIQUE (number); -- <- key-without-index
-- file: sqlite/20260301000000_case.up.sql
-- nothing to do here
