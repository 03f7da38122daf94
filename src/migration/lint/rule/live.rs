//! The rules about a PostgreSQL that is in use.

use super::{Family, POSTGRES, Rule};

macro_rules! rules {
    ($($id:ident $name:literal: $finds:literal, $why:literal, $safe:literal;)*) => {
        $(pub(in super::super) static $id: Rule = Rule {
            name: $name, family: Family::Live, engines: POSTGRES, finds: $finds, why: $why, safe: $safe,
        };)*
        pub(super) static ALL: &[&Rule] = &[$(&$id),*];
    };
}

rules! {
    INDEX_WITHOUT_CONCURRENTLY "index-without-concurrently":
        "CREATE INDEX without CONCURRENTLY on a table that is there already",
        "nobody writes to the table until the index is made",
        "a pair of variants; in postgres/ `-- no-transaction` and CREATE INDEX CONCURRENTLY, alone in its version";
    DROP_INDEX_WITHOUT_CONCURRENTLY "drop-index-without-concurrently":
        "DROP INDEX without CONCURRENTLY",
        "it stops readers and writers of the table, and waits for those that are there while others queue behind it",
        "a pair of variants; in postgres/ `-- no-transaction` and DROP INDEX CONCURRENTLY, alone in its version";
    CONCURRENTLY_IN_TRANSACTION "concurrently-in-transaction":
        "CONCURRENTLY in a file without `-- no-transaction`",
        "PostgreSQL refuses it inside of a transaction",
        "make `-- no-transaction` the first line, and the statement the only one of its version";
    CHECK_WITHOUT_NOT_VALID "check-without-not-valid":
        "ADD CONSTRAINT … CHECK without NOT VALID",
        "it reads the whole table under a lock that stops readers and writers",
        "ADD CONSTRAINT … CHECK (…) NOT VALID, and VALIDATE CONSTRAINT in the next version";
    FOREIGN_KEY_WITHOUT_NOT_VALID "foreign-key-without-not-valid":
        "ADD CONSTRAINT … FOREIGN KEY without NOT VALID",
        "it looks every row up under a lock that stops the writers of both tables",
        "ADD CONSTRAINT … FOREIGN KEY … NOT VALID, and VALIDATE CONSTRAINT in the next version";
    VALIDATE_IN_SAME_TRANSACTION "validate-in-same-transaction":
        "VALIDATE CONSTRAINT in the version that adds the constraint",
        "the table is read under the lock that ADD CONSTRAINT has taken, as without NOT VALID",
        "VALIDATE CONSTRAINT in a version of its own";
    KEY_WITHOUT_INDEX "key-without-index":
        "ADD PRIMARY KEY, UNIQUE or EXCLUDE that makes its index itself",
        "nobody reads or writes the table until the index is made",
        "CREATE UNIQUE INDEX CONCURRENTLY in one version, ADD CONSTRAINT … USING INDEX in the next; for a primary key, SET NOT NULL before that";
    SET_NOT_NULL "set-not-null":
        "SET NOT NULL, or PRIMARY KEY USING INDEX, where no validated CHECK (c IS NOT NULL) says so already",
        "it reads the whole table under a lock that stops readers and writers",
        "ADD CONSTRAINT … CHECK (c IS NOT NULL) NOT VALID; VALIDATE CONSTRAINT in the next version; SET NOT NULL in the one after";
    ADD_COLUMN_NOT_NULL "add-column-not-null":
        "ADD COLUMN … NOT NULL without a default",
        "it fails on a table that has rows, and so do inserts of the previous release",
        "give it a DEFAULT; or add it without NOT NULL, fill it in, and SET NOT NULL later";
    ADD_COLUMN_REWRITE "add-column-rewrite":
        "ADD COLUMN with a volatile default, GENERATED … STORED, an identity or SERIAL",
        "it writes the whole table anew under a lock that stops readers and writers",
        "add the column without, SET DEFAULT for new rows, and fill old ones in batches";
    ADD_COLUMN_CHECK "add-column-check":
        "ADD COLUMN with a CHECK, or with a foreign key and a default",
        "it reads the whole table under a lock that stops readers and writers",
        "in postgres/ ADD COLUMN alone, ADD CONSTRAINT … NOT VALID, and VALIDATE CONSTRAINT in the next version";
    COLUMN_TYPE_CHANGE "column-type-change":
        "ALTER COLUMN … TYPE, unless it only widens a VARCHAR or a NUMERIC",
        "it writes the table or its indexes anew, or reads all rows, under a lock that stops readers and writers",
        "a new column, written beside the old one; fill it in batches, and drop the old one a release later";
    DROP_COLUMN "drop-column":
        "DROP COLUMN; DROP TYPE, DOMAIN or EXTENSION … CASCADE, which drops the columns of it",
        "the previous release reads it until the last of its processes has gone, and what was in it is lost",
        "let a release go out that does not name the column; then drop it, with an allow that says so";
    DROP_TABLE "drop-table":
        "DROP TABLE, VIEW or SCHEMA",
        "the previous release reads it until the last of its processes has gone, and what was in it is lost",
        "let a release go out that does not name it; then drop it, with an allow that says so";
    RENAME_COLUMN "rename-column":
        "RENAME COLUMN",
        "the previous release reads it by the old name, the new one by the new name",
        "a new column, written beside the old one; drop the old one a release later";
    RENAME_TABLE "rename-table":
        "RENAME of a table, a view, a type or a value of an enum",
        "the previous release reads it by the old name, the new one by the new name",
        "rename a table, and CREATE VIEW under the old name in the same version, with an allow that says so; drop the view a release later; add a value, and leave the old one";
    FULL_REWRITE "full-rewrite":
        "VACUUM FULL, CLUSTER, SET LOGGED, SET UNLOGGED, SET TABLESPACE",
        "it writes the whole table anew under a lock that stops readers and writers",
        "plain VACUUM; a tool that copies beside the traffic, such as pg_repack; or a window of maintenance, with an allow that says so";
    LOCK_TABLE "lock-table":
        "LOCK TABLE",
        "it stops others until the version is done",
        "leave it out: each statement takes the lock that it needs";
    REINDEX_WITHOUT_CONCURRENTLY "reindex-without-concurrently":
        "REINDEX without CONCURRENTLY",
        "it stops readers and writers of the table until the index is made",
        "`-- no-transaction` and REINDEX INDEX CONCURRENTLY";
    REFRESH_WITHOUT_CONCURRENTLY "refresh-without-concurrently":
        "REFRESH MATERIALIZED VIEW without CONCURRENTLY",
        "nobody reads the view until it is made",
        "a unique index on the view, then REFRESH MATERIALIZED VIEW CONCURRENTLY";
    WHOLE_TABLE_WRITE "whole-table-write":
        "UPDATE or DELETE without WHERE, or with one that is always true; a MERGE that leaves no row out",
        "it locks every row until the version is done, doubles the table, and holds up VACUUM",
        "write in batches of some thousand rows from the application, each in a transaction of its own";
    WORK_AFTER_LOCK "work-after-lock":
        "a statement that reads or writes a whole table after one that has locked a table",
        "the lock is kept until the version is done, however short it would have been by itself",
        "give the slow statement a version of its own, before or after";
    TRUNCATE "truncate":
        "TRUNCATE",
        "it stops readers and writers, takes rows from under them, and is not undone by going back a release",
        "DELETE with a WHERE, in batches";
    ENUM_VALUE_IN_SAME_TRANSACTION "enum-value-in-same-transaction":
        "a value of an enum used in the version that adds it",
        "PostgreSQL refuses a value that is not committed yet",
        "use it in the next version";
    CREATE_TRIGGER "create-trigger":
        "CREATE TRIGGER on a table that is there already",
        "it stops the writers while it waits for those that are there, and then runs for the previous release too",
        "let the application do it; or a version of its own, with an allow that says what the trigger does to the previous release";
}
