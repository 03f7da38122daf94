-- postgres: fails: must be type boolean
-- sqlite: done
-- file: 20260301000000_case.up.sql
DELETE FROM orders WHERE 1 AND number = 3; -- <- number-as-condition
