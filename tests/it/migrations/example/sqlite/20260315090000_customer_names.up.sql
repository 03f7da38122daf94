CREATE TABLE customers_new (
    id UUID_TEXT CONSTRAINT "TWINBASE_TYPE.customers.id" CHECK ("id" IS NULL OR (typeof("id") = 'text' AND length(CAST("id" AS BLOB)) = 36 AND "id" GLOB '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]')) NOT NULL PRIMARY KEY,
    name VARCHAR(80) CONSTRAINT "TWINBASE_TYPE.customers.name" CHECK ("name" IS NULL OR (typeof("name") = 'text' AND length("name") <= 80)) NOT NULL UNIQUE,
    CONSTRAINT customers_name_check CHECK (name <> '')
);
INSERT INTO customers_new (id, name) SELECT id, name FROM customers;
DROP TABLE customers;
ALTER TABLE customers_new RENAME TO customers;
