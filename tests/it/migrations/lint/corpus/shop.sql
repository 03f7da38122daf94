-- What is there before each case.
CREATE TABLE customers (
    id UUID PRIMARY KEY,
    name VARCHAR(80) NOT NULL,
    email TEXT,
    since DATE
);
CREATE TABLE orders (
    id UUID PRIMARY KEY,
    number BIGINT NOT NULL,
    customer UUID REFERENCES customers (id),
    note VARCHAR(200),
    price NUMERIC(20,8),
    paid BOOLEAN NOT NULL DEFAULT FALSE,
    placed_at TIMESTAMPTZ,
    due DATE,
    lines JSONB,
    scan BYTEA,
    weight DOUBLE PRECISION,
    quantity INTEGER
);
CREATE INDEX orders_due ON orders (due);
CREATE VIEW numbers AS SELECT id, number FROM orders;
