-- look: SELECT note FROM orders WHERE number = 1
-- postgres: true
-- sqlite: 1
-- file: 20260301000000_case.up.sql
UPDATE orders SET note = lines ->> 'gift' WHERE number = 1; -- <- json-operator
