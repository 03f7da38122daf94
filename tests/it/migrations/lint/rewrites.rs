//! Changes of a table's columns one by one: those that the lint names read the rows, or write the table or
//! its index anew, and those that it lets pass do neither.

use sqlx::{AnyConnection, Connection as _, Executor as _, Row as _};
use twinbase::config::Engine;
use twinbase::migration::Migrations;
use twinbase::migration::lint::lint;
use twinbase::testing::TestDatabase;

const TABLE: &str = "CREATE TABLE t (
    id BIGINT CONSTRAINT id_key PRIMARY KEY, whole INTEGER, short VARCHAR(20) COLLATE \"C\", long TEXT COLLATE \"C\", word VARCHAR(20),
    amount NUMERIC(8,2), total NUMERIC, ratio DOUBLE PRECISION, at TIMESTAMPTZ, filled INTEGER NOT NULL, said INTEGER,
    counted INTEGER, CONSTRAINT said CHECK (said IS NOT NULL), CONSTRAINT counted CHECK (counted IS NOT NULL AND counted > 0)
);
CREATE UNIQUE INDEX unique_whole ON t (whole);
CREATE UNIQUE INDEX unique_filled ON t (filled);
CREATE UNIQUE INDEX unique_said ON t (said);
CREATE INDEX t_whole ON t (whole);
CREATE INDEX t_short ON t (short);
CREATE INDEX t_long ON t (long);
CREATE INDEX t_word ON t (word);
CREATE INDEX t_amount ON t (amount);
CREATE INDEX t_total ON t (total);
CREATE INDEX t_at ON t (at);
INSERT INTO t (id, whole, short, long, word, amount, total, ratio, at, filled, said, counted)
    SELECT g, g, 'a', 'b', 'c', 1, 2, 3, now(), g, g, 1 FROM generate_series(1, 5) g;
";

/// What follows ALTER TABLE t, and whether it takes as long as the table is big.
const CHANGES: [(&str, bool); 54] = [
    ("ALTER COLUMN short TYPE VARCHAR(40) COLLATE \"C\"", false),
    ("ALTER COLUMN short TYPE VARCHAR COLLATE \"C\"", false),
    ("ALTER COLUMN short TYPE TEXT COLLATE \"C\"", false),
    ("ALTER COLUMN short SET DATA TYPE TEXT COLLATE \"C\"", false),
    ("ALTER COLUMN short TYPE TEXT", true),
    ("ALTER COLUMN short TYPE VARCHAR(10) COLLATE \"C\"", true),
    ("ALTER COLUMN long TYPE VARCHAR COLLATE \"C\"", false),
    ("ALTER COLUMN long TYPE VARCHAR(40) COLLATE \"C\"", true),
    ("ALTER COLUMN long TYPE BYTEA USING long::bytea", true),
    ("ALTER COLUMN word TYPE VARCHAR(40)", false),
    ("ALTER COLUMN word TYPE TEXT", false),
    ("ALTER COLUMN word TYPE TEXT COLLATE \"C\"", true),
    ("ALTER COLUMN whole TYPE BIGINT", true),
    ("ALTER COLUMN whole TYPE SMALLINT", true),
    ("ALTER COLUMN whole TYPE TEXT", true),
    ("ALTER COLUMN amount TYPE NUMERIC(12,2)", false),
    ("ALTER COLUMN amount TYPE NUMERIC", false),
    ("ALTER COLUMN amount TYPE NUMERIC(12,4)", true),
    ("ALTER COLUMN amount TYPE NUMERIC(6,2)", true),
    ("ALTER COLUMN total TYPE NUMERIC(12,2)", true),
    ("ALTER COLUMN ratio TYPE NUMERIC", true),
    ("ALTER COLUMN at TYPE DATE", true),
    ("ALTER COLUMN filled SET NOT NULL", false),
    ("ALTER COLUMN said SET NOT NULL", false),
    ("ALTER COLUMN counted SET NOT NULL", false),
    ("ALTER COLUMN whole SET NOT NULL", true),
    ("ALTER COLUMN said SET NOT NULL, DROP CONSTRAINT said", true),
    (
        "ALTER COLUMN said SET NOT NULL, DROP CONSTRAINT counted",
        false,
    ),
    (
        "DROP CONSTRAINT id_key, ADD CONSTRAINT k PRIMARY KEY USING INDEX unique_whole",
        true,
    ),
    (
        "DROP CONSTRAINT id_key, ADD CONSTRAINT k PRIMARY KEY USING INDEX unique_filled",
        false,
    ),
    (
        "DROP CONSTRAINT id_key, ADD CONSTRAINT k PRIMARY KEY USING INDEX unique_said",
        false,
    ),
    ("ADD CONSTRAINT k UNIQUE USING INDEX unique_whole", false),
    ("ALTER COLUMN whole SET DEFAULT 5", false),
    ("ALTER COLUMN filled DROP NOT NULL", false),
    ("ADD COLUMN a INTEGER", false),
    ("ADD COLUMN a INTEGER NOT NULL DEFAULT 5", false),
    ("ADD COLUMN a INTEGER DEFAULT (1 + 2)", false),
    ("ADD COLUMN a JSONB NOT NULL DEFAULT '{}'::jsonb", false),
    ("ADD COLUMN a TIMESTAMPTZ NOT NULL DEFAULT now()", false),
    ("ADD COLUMN a DATE DEFAULT CURRENT_DATE", false),
    (
        "ADD COLUMN a DATE DEFAULT ((now() AT TIME ZONE 'UTC')::date)",
        false,
    ),
    ("ADD COLUMN a TIMESTAMPTZ DEFAULT clock_timestamp()", true),
    ("ADD COLUMN a DOUBLE PRECISION DEFAULT random()", true),
    ("ADD COLUMN a UUID DEFAULT gen_random_uuid()", true),
    ("ADD COLUMN a BIGINT GENERATED ALWAYS AS IDENTITY", true),
    ("ADD COLUMN a BIGSERIAL", true),
    (
        "ADD COLUMN a INTEGER GENERATED ALWAYS AS (whole * 2) STORED",
        true,
    ),
    ("ADD COLUMN a INTEGER CHECK (a > 0)", true),
    ("ADD COLUMN a INTEGER DEFAULT 5 CHECK (a > 0)", true),
    ("ADD COLUMN a BIGINT REFERENCES t (id)", false),
    ("ADD COLUMN a BIGINT DEFAULT 1 REFERENCES t (id)", true),
    ("ADD COLUMN a INTEGER UNIQUE", true),
    ("ADD CONSTRAINT positive CHECK (whole > 0) NOT VALID", false),
    (
        "ADD CONSTRAINT positive CHECK (whole > 0) NOT VALID, VALIDATE CONSTRAINT positive",
        true,
    ),
];

/// What the lint says of the change; the twin on SQLite and its types are beside the point.
fn named(change: &str) -> Vec<&'static str> {
    let sql = format!("ALTER TABLE t {change};\n");
    let files = [
        ("postgres/20260101000000_t.sql", TABLE),
        ("sqlite/20260101000000_t.sql", "-- none"),
        ("postgres/20260301000000_change.sql", sql.as_str()),
        ("sqlite/20260301000000_change.sql", "-- none"),
    ];
    let findings = lint(
        &Migrations::from_files(files).unwrap(),
        Some(20_260_101_000_000),
    );
    let names = findings.iter().map(|finding| finding.rule.name);
    names.filter(|name| !name.starts_with("variant")).collect()
}

/// The files of the table and its indexes, and whether the session has read the table.
async fn state(conn: &mut AnyConnection) -> (String, bool) {
    let files = "SELECT string_agg(relname || ' ' || pg_relation_filenode(oid), ', ' ORDER BY relname) FROM pg_class \
         WHERE relname ~ '^t(_|$)' AND relname NOT LIKE 't\\_a\\_%'";
    let read = "SELECT coalesce(bool_or(seq_scan > 0), false) FROM pg_stat_xact_user_tables WHERE relname = 't'";
    let files = conn.fetch_one(files).await.unwrap().get(0);
    (files, conn.fetch_one(read).await.unwrap().get(0))
}

#[test]
fn changes_that_take_as_long_as_the_table_is_big_are_named_and_no_others() {
    twinbase::testing::run(Engine::Postgres, |test: TestDatabase| async move {
        let database = test.open();
        sqlx::raw_sql(TABLE).execute(database.pool()).await.unwrap();
        database.close().await;
        let mut wrong = Vec::new();
        for (change, slow) in CHANGES {
            let mut conn = AnyConnection::connect(test.url().expose()).await.unwrap();
            let before = state(&mut conn).await;
            let sql = sqlx::AssertSqlSafe(format!("BEGIN; ALTER TABLE t {change}"));
            let done = conn.execute(sqlx::raw_sql(sql)).await;
            done.unwrap_or_else(|error| panic!("{change}: {error}"));
            let after = state(&mut conn).await;
            let is_slow = after.1 || after.0 != before.0;
            let names = named(change);
            if is_slow != slow || names.is_empty() == slow {
                wrong.push(format!("{change}: slow is {is_slow}, {names:?}"));
            }
            conn.execute("ROLLBACK").await.unwrap();
            conn.close().await.unwrap();
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}
