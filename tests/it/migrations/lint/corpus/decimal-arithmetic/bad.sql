-- look: SELECT note FROM orders WHERE number = 1
-- postgres: exact
-- sqlite: float
-- file: 20260301000000_case.up.sql
UPDATE orders SET note = CASE WHEN 0.1 + 0.2 = 0.3 THEN 'exact' ELSE 'float' END WHERE number = 1;
-- ^ decimal-arithmetic
