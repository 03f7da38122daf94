-- shows: RowExclusiveLock
-- file: 20260301000000_case.up.sql
UPDATE orders SET quantity = 1 WHERE id = '0190163d-8694-739b-aea5-966c26f8ad01';
