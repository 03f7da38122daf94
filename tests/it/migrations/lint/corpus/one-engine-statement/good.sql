-- postgres: done
-- sqlite: done
-- file: 20260301000000_case.up.sql
CREATE TABLE items (id UUID PRIMARY KEY, name TEXT, CONSTRAINT named CHECK (name <> ''));
INSERT INTO items (id, name) VALUES ('0190163d-8694-739b-aea5-966c26f8ad91', 'one') ON CONFLICT (id) DO NOTHING;
