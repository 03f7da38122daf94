-- shows: RowExclusiveLock, read, every row
-- file: 20260301000000_case.up.sql
DELETE FROM orders WHERE number > 0;
