-- shows: AccessExclusiveLock, read
-- file: 20260301000000_case.up.sql
ALTER TABLE orders ADD COLUMN channel VARCHAR(20) NOT NULL DEFAULT 'web' CHECK (channel <> ''); -- <- add-column-check
