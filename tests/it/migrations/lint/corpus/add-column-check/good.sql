-- shows: AccessExclusiveLock
-- file: 20260301000000_case.up.sql
ALTER TABLE orders ADD COLUMN channel VARCHAR(20) NOT NULL DEFAULT 'web';
ALTER TABLE orders ADD COLUMN discount NUMERIC(5,2);
ALTER TABLE orders ADD COLUMN seller UUID REFERENCES customers (id);
