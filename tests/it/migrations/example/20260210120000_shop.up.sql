CREATE TABLE customers (
    id UUID PRIMARY KEY,
    name VARCHAR(80) NOT NULL UNIQUE
);
CREATE TABLE orders (
    id UUID PRIMARY KEY,
    customer UUID NOT NULL REFERENCES customers (id),
    comment TEXT,
    price NUMERIC(20,8) NOT NULL,
    paid BOOLEAN NOT NULL DEFAULT FALSE,
    pieces SMALLINT NOT NULL DEFAULT 1,
    stock INTEGER,
    number BIGINT NOT NULL,
    weight DOUBLE PRECISION,
    label BYTEA,
    due DATE,
    lines JSONB,
    placed_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);
