-- postgres: done
-- sqlite: fails: above
-- file: 20260301000000_case.up.sql
CREATE TABLE items (
    id BIGINT PRIMARY KEY,
    price NUMERIC(10,2),
    CONSTRAINT above CHECK (coalesce(price, 10) < 20) -- <- numeric-arithmetic
);
INSERT INTO items (id, price) VALUES (1, 10);
