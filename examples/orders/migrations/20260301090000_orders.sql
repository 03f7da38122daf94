-- One column of every portable type. docs/portability.md says what each engine makes of them.
CREATE TABLE orders (
    id UUID PRIMARY KEY,
    reference VARCHAR(20) NOT NULL UNIQUE,
    note TEXT,
    customer BIGINT NOT NULL,
    quantity INTEGER NOT NULL CONSTRAINT quantity_is_positive CHECK (quantity > 0),
    priority SMALLINT NOT NULL,
    weight DOUBLE PRECISION NOT NULL,
    price NUMERIC(20,8) NOT NULL,
    paid BOOLEAN NOT NULL,
    due DATE,
    placed_at TIMESTAMPTZ NOT NULL,
    signature BYTEA NOT NULL,
    lines JSONB NOT NULL
);

CREATE INDEX orders_price ON orders (price);
