-- postgres: done
-- sqlite: fails: TWINBASE_TYPE.orders.placed_at
-- file: 20260301000000_case.up.sql
UPDATE orders SET placed_at = CURRENT_TIMESTAMP WHERE number = 1; -- <- current-moment
