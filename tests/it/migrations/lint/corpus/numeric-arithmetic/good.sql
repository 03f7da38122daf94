-- postgres: done
-- sqlite: done
-- file: 20260301000000_case.up.sql
CREATE TABLE items (
    id BIGINT PRIMARY KEY,
    price NUMERIC(10,2),
    CONSTRAINT above CHECK (price < 20)
);
INSERT INTO items (id, price) VALUES (1, 10);
