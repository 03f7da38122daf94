-- shows: AccessExclusiveLock, read, rewritten
-- file: postgres/20260301000000_case.up.sql
ALTER TABLE orders ADD COLUMN token UUID DEFAULT gen_random_uuid(); -- <- add-column-rewrite
-- file: sqlite/20260301000000_case.up.sql
ALTER TABLE orders ADD COLUMN token UUID_TEXT;
