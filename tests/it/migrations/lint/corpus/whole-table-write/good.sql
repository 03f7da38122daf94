-- shows: RowExclusiveLock, read
-- file: 20260301000000_case.up.sql
UPDATE orders SET quantity = 0 WHERE number = 1;
