//! Definitions: what a portable migration may say, and what needs a variant.

use super::registry::{Case, differs, same};

pub(super) const CASES: &[Case] = &[
    Case::migration(
        "tables, keys and rules are taken",
        "portable DDL",
        "CREATE TABLE dd_item (id BIGINT PRIMARY KEY, a TEXT, n BIGINT)",
        "CREATE TABLE dd_line (id BIGINT PRIMARY KEY, item BIGINT NOT NULL REFERENCES dd_item (id), \
         amount NUMERIC(9,2) NOT NULL CHECK (amount > 0), CONSTRAINT dd_once UNIQUE (item, amount))",
        same("taken"),
    ),
    Case::migration(
        "a column is added, renamed and dropped, one a statement",
        "portable DDL",
        "",
        "ALTER TABLE dd_item ADD COLUMN b VARCHAR(3) NOT NULL DEFAULT 'x';\n\
         ALTER TABLE dd_item RENAME COLUMN b TO c;\nALTER TABLE dd_item DROP COLUMN c",
        same("taken"),
    ),
    Case::migration(
        "a table is renamed",
        "portable DDL",
        "CREATE TABLE dd_old (id BIGINT)",
        "ALTER TABLE dd_old RENAME TO dd_new",
        same("taken"),
    ),
    Case::migration(
        "unique, partial, expression and descending indexes are taken",
        "portable DDL",
        "",
        "CREATE UNIQUE INDEX dd_u ON dd_item (a);\nCREATE INDEX dd_p ON dd_item (n) WHERE n > 0;\n\
         CREATE INDEX dd_e ON dd_item (lower(a));\nCREATE INDEX dd_d ON dd_item (n DESC)",
        same("taken"),
    ),
    Case::migration(
        "a view is taken",
        "portable DDL",
        "",
        "CREATE VIEW dd_view AS SELECT id, a FROM dd_item WHERE n IS NOT NULL",
        same("taken"),
    ),
    Case::sql(
        "a unique index is refused as a unique constraint is",
        "portable DDL",
        "CREATE TABLE dd_unique (a TEXT, n BIGINT);\nCREATE UNIQUE INDEX dd_lower ON dd_unique (lower(a)) WHERE n > 0",
        &[
            "INSERT INTO dd_unique VALUES ('a', 1), ('A', 0)",
            "INSERT INTO dd_unique VALUES ('A', 1)",
        ],
        same("refused: Unique"),
    ),
    Case::migration(
        "a change of a column's type is refused",
        "ALTER TABLE",
        "CREATE TABLE dd_alter (id BIGINT, n BIGINT)",
        "ALTER TABLE dd_alter ALTER COLUMN n TYPE TEXT",
        same("refused: not portable"),
    ),
    Case::migration(
        "a change of a column's default is refused",
        "ALTER TABLE",
        "",
        "ALTER TABLE dd_alter ALTER COLUMN id SET DEFAULT 5",
        same("refused: not portable"),
    ),
    Case::migration(
        "a constraint is added on PostgreSQL only",
        "ALTER TABLE",
        "",
        "ALTER TABLE dd_alter ADD CONSTRAINT dd_id UNIQUE (id)",
        differs("ALTER TABLE", "refused: Statement", "taken"),
    ),
    Case::migration(
        "several columns in one statement are refused",
        "ALTER TABLE",
        "",
        "ALTER TABLE dd_alter ADD COLUMN x BIGINT, ADD COLUMN y BIGINT",
        same("refused: not portable"),
    ),
    Case::migration(
        "ADD COLUMN IF NOT EXISTS needs a variant",
        "ALTER TABLE",
        "",
        "ALTER TABLE dd_alter ADD COLUMN IF NOT EXISTS z BIGINT",
        same("refused: not portable"),
    ),
    Case::migration(
        "an index made CONCURRENTLY needs a variant",
        "variants",
        "",
        "CREATE INDEX CONCURRENTLY dd_c ON dd_item (n)",
        differs("variants", "refused: Statement", "taken"),
    ),
    Case::migration(
        "DROP … CASCADE needs a variant",
        "variants",
        "CREATE TABLE dd_drop (id BIGINT)",
        "DROP TABLE dd_drop CASCADE",
        differs("variants", "refused: Statement", "taken"),
    ),
    Case::migration(
        "a trigger needs a variant",
        "variants",
        "CREATE TABLE dd_trigger (id BIGINT)",
        "CREATE TRIGGER dd_t AFTER INSERT ON dd_trigger BEGIN DELETE FROM dd_trigger; END",
        differs("variants", "taken", "refused: Statement"),
    ),
    Case::migration(
        "DROP TABLE IF EXISTS is taken",
        "portable DDL",
        "",
        "DROP TABLE IF EXISTS dd_never",
        same("taken"),
    ),
];
