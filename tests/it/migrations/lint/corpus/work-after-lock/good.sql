-- shows: none
-- file: 20260201000000_before.up.sql
ALTER TABLE orders ADD COLUMN channel VARCHAR(20);
-- file: 20260301000000_case.up.sql
UPDATE customers SET email = lower(email) WHERE email IS NOT NULL;
