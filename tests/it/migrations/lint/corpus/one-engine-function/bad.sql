-- postgres: done
-- sqlite: fails: no such function
-- file: 20260301000000_case.up.sql
UPDATE customers SET email = concat_ws('@', name, 'example.org', left(name, 1)) WHERE name = 'Ada';
-- ^ one-engine-function, one-engine-function
