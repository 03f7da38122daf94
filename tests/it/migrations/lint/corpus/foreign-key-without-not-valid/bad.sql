-- shows: ShareRowExclusiveLock, read
-- file: postgres/20260301000000_case.up.sql
ALTER TABLE orders ADD CONSTRAINT buyer FOREIGN KEY (customer) REFERENCES customers (id); -- <- foreign-key-without-not-valid
-- file: sqlite/20260301000000_case.up.sql
-- nothing to do here
