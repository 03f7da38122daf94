-- shows: AccessExclusiveLock
-- file: postgres/20260201000000_before.up.sql
-- lint: allow variant-type an old table
ALTER TABLE orders ADD COLUMN code VARCHAR(20) COLLATE "C";
-- lint: allow variant-type an old table
ALTER TABLE orders ADD COLUMN rate NUMERIC(8,2);
-- file: sqlite/20260201000000_before.up.sql
ALTER TABLE orders ADD COLUMN code VARCHAR(20);
ALTER TABLE orders ADD COLUMN rate NUMERIC_TEXT(8,2) COLLATE twinbase_decimal;
-- file: postgres/20260301000000_case.up.sql
ALTER TABLE orders ALTER COLUMN code TYPE VARCHAR(40) COLLATE "C";
ALTER TABLE orders ALTER COLUMN code TYPE TEXT COLLATE "C";
ALTER TABLE orders ALTER COLUMN rate TYPE NUMERIC(12,2);
-- file: sqlite/20260301000000_case.up.sql
-- nothing to do here
