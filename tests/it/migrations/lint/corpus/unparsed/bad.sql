-- postgres: done
-- sqlite: done
-- file: postgres/20260301000000_case.up.sql
DO $$ BEGIN PERFORM 1; END $$; -- <- unparsed
-- file: sqlite/20260301000000_case.up.sql
-- nothing to do here
