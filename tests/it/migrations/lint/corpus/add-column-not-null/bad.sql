-- shows: fails: contains null values
-- file: postgres/20260301000000_case.up.sql
ALTER TABLE orders ADD COLUMN tag TEXT COLLATE "C" NOT NULL; -- <- add-column-not-null
-- file: sqlite/20260301000000_case.up.sql
ALTER TABLE orders ADD COLUMN tag TEXT NOT NULL DEFAULT '';
