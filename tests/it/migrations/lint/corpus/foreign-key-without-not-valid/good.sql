-- shows: ShareRowExclusiveLock
-- file: postgres/20260301000000_case.up.sql
ALTER TABLE orders ADD CONSTRAINT buyer FOREIGN KEY (customer) REFERENCES customers (id) NOT VALID;
-- file: sqlite/20260301000000_case.up.sql
-- nothing to do here
