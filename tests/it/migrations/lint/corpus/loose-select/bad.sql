-- postgres: fails: must appear in the GROUP BY
-- sqlite: done
-- file: 20260301000000_case.up.sql
CREATE VIEW per_customer AS SELECT customer, note, count(*) AS n FROM orders GROUP BY customer; -- <- loose-select
