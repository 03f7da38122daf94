-- shows: AccessExclusiveLock, read, rewritten
-- file: postgres/20260301000000_case.up.sql
TRUNCATE orders; -- <- truncate
-- file: sqlite/20260301000000_case.up.sql
DELETE FROM orders WHERE number > 0;
