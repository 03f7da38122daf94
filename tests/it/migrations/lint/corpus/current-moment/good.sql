-- postgres: done
-- sqlite: done
-- file: 20260301000000_case.up.sql
CREATE TABLE events (id BIGINT PRIMARY KEY, at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP);
INSERT INTO events (id) VALUES (1);
