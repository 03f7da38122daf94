ALTER TABLE customers ADD CONSTRAINT customers_name_check CHECK (name <> '') NOT VALID;
