-- postgres: done
-- sqlite: fails: unrecognized token
-- file: 20260301000000_case.up.sql
UPDATE orders SET note = number::text WHERE number = 1; -- <- one-engine-expression
