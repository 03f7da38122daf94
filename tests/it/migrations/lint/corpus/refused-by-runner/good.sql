-- postgres: done
-- sqlite: done
-- file: 20260301000000_case.up.sql
CREATE TABLE items (id UUID PRIMARY KEY);
CREATE TABLE more (id UUID PRIMARY KEY);
