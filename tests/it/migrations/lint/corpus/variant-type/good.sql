-- look: SELECT CAST(price AS TEXT) FROM items
-- postgres: 1.01
-- sqlite: 1.01
-- file: postgres/20260301000000_case.up.sql
CREATE TABLE items (
    id BIGINT PRIMARY KEY,
    price NUMERIC CHECK (abs(price) < 100000000 AND min_scale(price) <= 2)
);
INSERT INTO items (id, price) VALUES (1, 1.01);
-- file: sqlite/20260301000000_case.up.sql
CREATE TABLE items (
    id BIGINT NOT NULL PRIMARY KEY,
    price NUMERIC_TEXT(10,2) COLLATE twinbase_decimal
);
INSERT INTO items (id, price) VALUES (1, '1.01');
