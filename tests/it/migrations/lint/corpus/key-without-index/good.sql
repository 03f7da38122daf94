-- shows: AccessExclusiveLock
-- file: postgres/20260201000000_before.up.sql
-- no-transaction
CREATE UNIQUE INDEX CONCURRENTLY numbered ON orders (number);
-- file: sqlite/20260201000000_before.up.sql
CREATE UNIQUE INDEX numbered ON orders (number);
-- file: postgres/20260301000000_case.up.sql
ALTER TABLE orders ADD CONSTRAINT numbered UNIQUE USING INDEX numbered;
-- file: sqlite/20260301000000_case.up.sql
-- nothing to do here
