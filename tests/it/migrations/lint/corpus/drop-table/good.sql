-- shows: AccessShareLock
-- file: 20260301000000_case.up.sql
DROP VIEW numbers;
CREATE VIEW numbers AS SELECT id, number, note FROM orders;
CREATE TABLE scratch (id BIGINT PRIMARY KEY);
DROP TABLE scratch;
