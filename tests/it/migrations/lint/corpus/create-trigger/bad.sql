-- shows: ShareRowExclusiveLock
-- file: postgres/20260301000000_case.up.sql
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER stamped BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION stamp(); -- <- create-trigger
-- file: sqlite/20260301000000_case.up.sql
CREATE TRIGGER stamped AFTER UPDATE ON orders BEGIN SELECT 1; END;
