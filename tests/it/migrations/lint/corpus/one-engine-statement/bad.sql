-- postgres: done
-- sqlite: fails: near "COMMENT"
-- file: 20260301000000_case.up.sql
COMMENT ON TABLE customers IS 'who buys'; -- <- one-engine-statement
