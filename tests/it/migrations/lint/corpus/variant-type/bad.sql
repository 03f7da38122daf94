-- look: SELECT CAST(price AS TEXT) FROM items
-- postgres: 1.01
-- sqlite: 1.005
-- file: postgres/20260301000000_case.up.sql
CREATE TABLE items (
    id BIGSERIAL PRIMARY KEY, -- <- variant-type
    price NUMERIC(10,2) -- <- variant-type
);
INSERT INTO items (price) VALUES (1.005);
-- file: sqlite/20260301000000_case.up.sql
CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    price NUMERIC_TEXT(10,2) COLLATE twinbase_decimal,
    at DATETIME -- <- variant-type, variants-differ
);
INSERT INTO items (price) VALUES ('1.005');
