-- shows: AccessExclusiveLock, rewritten
-- file: postgres/20260301000000_case.up.sql
-- no-transaction
VACUUM FULL orders; -- <- full-rewrite
-- file: sqlite/20260301000000_case.up.sql
-- nothing to do here
