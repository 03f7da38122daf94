-- postgres: fails: division by zero
-- sqlite: done
-- file: 20260301000000_case.up.sql
UPDATE orders SET quantity = quantity / (number - number) WHERE number = 1; -- <- division
