-- postgres: done
-- sqlite: done
-- file: 20260301000000_case.up.sql
DELETE FROM orders WHERE TRUE AND number = 3;
