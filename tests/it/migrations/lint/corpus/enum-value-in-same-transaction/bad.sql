-- on: moods
-- shows: fails: unsafe use of new value
-- file: postgres/20260201000000_before.up.sql
CREATE TYPE mood AS ENUM ('good');
-- lint: allow variant-type the program reads it as text
CREATE TABLE moods (id BIGINT PRIMARY KEY, mood mood);
-- file: sqlite/20260201000000_before.up.sql
CREATE TABLE moods (id BIGINT NOT NULL PRIMARY KEY, mood TEXT);
-- file: postgres/20260301000000_case.up.sql
ALTER TYPE mood ADD VALUE 'bad';
INSERT INTO moods (id, mood) VALUES (1, 'bad'); -- <- enum-value-in-same-transaction
-- file: sqlite/20260301000000_case.up.sql
-- nothing to do here
