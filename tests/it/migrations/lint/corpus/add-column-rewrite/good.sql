-- shows: AccessExclusiveLock
-- file: postgres/20260301000000_case.up.sql
ALTER TABLE orders ADD COLUMN token UUID;
ALTER TABLE orders ALTER COLUMN token SET DEFAULT gen_random_uuid();
ALTER TABLE orders ADD COLUMN seen_at TIMESTAMPTZ DEFAULT now();
-- file: sqlite/20260301000000_case.up.sql
ALTER TABLE orders ADD COLUMN token UUID_TEXT;
ALTER TABLE orders ADD COLUMN seen_at TIMESTAMPTZ_TEXT;
