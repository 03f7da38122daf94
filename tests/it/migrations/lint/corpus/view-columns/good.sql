-- postgres: done
-- sqlite: done
-- file: 20260301000000_case.up.sql
CREATE VIEW everything AS SELECT id, number FROM orders;
CREATE VIEW per_customer (customer, n) AS SELECT customer, count(*) FROM orders GROUP BY customer;
CREATE VIEW few AS WITH first AS (SELECT id, number AS n FROM orders WHERE number < 3) SELECT * FROM first;
CREATE VIEW many AS SELECT * FROM numbers;
CREATE VIEW more AS SELECT id, (number) FROM orders;
ALTER TABLE orders ADD COLUMN tag TEXT;
