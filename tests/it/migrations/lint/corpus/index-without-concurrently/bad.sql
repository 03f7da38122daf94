-- shows: ShareLock, read
-- file: 20260301000000_case.up.sql
CREATE INDEX orders_number ON orders (number); -- <- index-without-concurrently
CREATE TABLE items (id UUID PRIMARY KEY, name TEXT);
CREATE INDEX items_name ON items (name);
