-- postgres: done
-- sqlite: done
-- file: 20260301000000_case.up.sql
CREATE VIEW per_customer AS SELECT customer, min(note) AS note, count(*) AS n FROM orders GROUP BY customer;
