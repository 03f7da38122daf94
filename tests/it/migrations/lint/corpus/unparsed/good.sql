-- postgres: done
-- sqlite: done
-- file: postgres/20260301000000_case.up.sql
-- lint: allow unparsed it calls a function that touches no table
DO $$ BEGIN PERFORM 1; END $$;
-- file: sqlite/20260301000000_case.up.sql
-- nothing to do here
