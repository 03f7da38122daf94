-- shows: AccessExclusiveLock
-- file: postgres/20260301000000_case.up.sql
LOCK TABLE orders; -- <- lock-table
UPDATE orders SET quantity = 1 WHERE id = '0190163d-8694-739b-aea5-966c26f8ad01';
-- file: sqlite/20260301000000_case.up.sql
UPDATE orders SET quantity = 1 WHERE id = '0190163d-8694-739b-aea5-966c26f8ad01';
