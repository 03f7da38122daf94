-- shows: AccessExclusiveLock
-- file: 20260115000000_fill.up.sql
UPDATE orders SET quantity = 0 WHERE id = '0190163d-8694-739b-aea5-966c26f8ad03';
-- file: postgres/20260201000000_before.up.sql
ALTER TABLE orders ADD CONSTRAINT counted CHECK (quantity IS NOT NULL) NOT VALID;
-- file: sqlite/20260201000000_before.up.sql
-- nothing to do here
-- file: postgres/20260215000000_between.up.sql
ALTER TABLE orders VALIDATE CONSTRAINT counted;
-- file: sqlite/20260215000000_between.up.sql
-- nothing to do here
-- file: postgres/20260301000000_case.up.sql
ALTER TABLE orders ALTER COLUMN quantity SET NOT NULL;
ALTER TABLE orders DROP CONSTRAINT counted;
-- file: sqlite/20260301000000_case.up.sql
-- nothing to do here
