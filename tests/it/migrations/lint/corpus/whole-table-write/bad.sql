-- shows: RowExclusiveLock, read, every row
-- file: 20260301000000_case.up.sql
UPDATE orders SET quantity = 0; -- <- whole-table-write
