-- on: totals
-- shows: ExclusiveLock
-- file: postgres/20260201000000_before.up.sql
CREATE MATERIALIZED VIEW totals AS SELECT customer, count(*) AS n FROM orders GROUP BY customer;
CREATE UNIQUE INDEX totals_customer ON totals (customer);
-- file: sqlite/20260201000000_before.up.sql
CREATE VIEW totals AS SELECT customer, count(*) AS n FROM orders GROUP BY customer;
CREATE INDEX totals_customer ON orders (customer);
-- file: postgres/20260301000000_case.up.sql
REFRESH MATERIALIZED VIEW CONCURRENTLY totals;
-- file: sqlite/20260301000000_case.up.sql
-- nothing to do here
