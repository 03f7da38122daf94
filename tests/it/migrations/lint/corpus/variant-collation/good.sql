-- look: SELECT min(name) FROM items
-- postgres: C
-- sqlite: C
-- file: postgres/20260301000000_case.up.sql
CREATE TABLE items (name TEXT COLLATE "C");
INSERT INTO items (name) VALUES ('b'), ('C');
-- file: sqlite/20260301000000_case.up.sql
CREATE TABLE items (name TEXT);
INSERT INTO items (name) VALUES ('b'), ('C');
