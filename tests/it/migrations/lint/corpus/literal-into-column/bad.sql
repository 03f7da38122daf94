-- postgres: done
-- sqlite: fails: TWINBASE_TYPE.orders.price
-- file: 20260301000000_case.up.sql
UPDATE orders SET price = '1.50' WHERE number = 1; -- <- literal-into-column
