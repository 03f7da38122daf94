-- postgres: fails: column "tag" does not exist
-- sqlite: done
-- file: 20260301000000_case.up.sql
CREATE VIEW everything AS SELECT * FROM orders; -- <- view-columns
CREATE VIEW qualified AS SELECT n.id FROM (SELECT o.* FROM orders AS o) AS n; -- <- view-columns
CREATE VIEW per_customer AS SELECT customer, count(*) FROM orders GROUP BY customer; -- <- view-columns
ALTER TABLE orders ADD COLUMN tag TEXT;
CREATE VIEW tags AS SELECT tag FROM everything;
