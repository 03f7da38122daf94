-- shows: AccessExclusiveLock
-- file: 20260301000000_case.up.sql
-- lint: allow drop-column no release since 2026-02 names it
ALTER TABLE orders DROP COLUMN weight;
