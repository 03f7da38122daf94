-- on: buyers
-- was: customers
-- shows: AccessExclusiveLock
-- file: 20260301000000_case.up.sql
-- lint: allow rename-table the view below keeps the old name until the next release
ALTER TABLE customers RENAME TO buyers;
CREATE VIEW customers AS SELECT id, name, email, since FROM buyers;
