-- shows: AccessExclusiveLock, read
-- file: 20260115000000_fill.up.sql
UPDATE orders SET quantity = 0 WHERE id = '0190163d-8694-739b-aea5-966c26f8ad03';
-- file: postgres/20260301000000_case.up.sql
ALTER TABLE orders ALTER COLUMN quantity SET NOT NULL; -- <- set-not-null
-- file: sqlite/20260301000000_case.up.sql
-- nothing to do here
