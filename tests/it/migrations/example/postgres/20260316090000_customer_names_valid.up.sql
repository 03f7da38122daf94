-- In a version of its own: the rows are read while others go on writing.
ALTER TABLE customers VALIDATE CONSTRAINT customers_name_check;
