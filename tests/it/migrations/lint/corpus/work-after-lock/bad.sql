-- shows: AccessExclusiveLock
-- file: 20260301000000_case.up.sql
ALTER TABLE orders ADD COLUMN channel VARCHAR(20);
UPDATE customers SET email = lower(email) WHERE email IS NOT NULL; -- <- work-after-lock
