-- look: SELECT note FROM orders WHERE number = 1
-- postgres: 1
-- sqlite: 1
-- file: 20260301000000_case.up.sql
UPDATE orders SET note = CAST(number AS TEXT) WHERE number = 1;
