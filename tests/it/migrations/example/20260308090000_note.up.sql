-- lint: allow rename-column the shop is closed while this release goes out
ALTER TABLE orders RENAME COLUMN comment TO note;
