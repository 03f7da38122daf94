-- look: SELECT note FROM orders WHERE number = 1
-- postgres: exact
-- sqlite: exact
-- file: 20260301000000_case.up.sql
UPDATE orders SET note = CASE WHEN 1 + 2 = 3 THEN 'exact' ELSE 'float' END WHERE number = 1;
