-- postgres: done
-- sqlite: done
-- file: postgres/20260301000000_case.up.sql
CREATE TABLE items (id BIGINT PRIMARY KEY);
CREATE INDEX items_by_id ON items (id DESC); -- <- variants-differ
COMMENT ON INDEX items_by_id IS 'newest first';
-- file: sqlite/20260301000000_case.up.sql
CREATE TABLE items (id BIGINT PRIMARY KEY);
