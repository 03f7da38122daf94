//! Statements one by one: those that the lint lets pass in a portable file run on both engines, those that
//! it names stop one of them; and what it says of PostgreSQL's own, which are all valid there.

use twinbase::config::Engine;
use twinbase::database::Database;
use twinbase::migration::Migrations;
use twinbase::migration::lint::lint;
use twinbase::migration::translate::translate;
use twinbase::testing::TestDatabase;

use super::corpus;
use super::portability::on_both;

/// Let pass in a portable file, but for what is about a server in use.
const ALIKE: [&str; 29] = [
    "CREATE TABLE IF NOT EXISTS items (id BIGINT PRIMARY KEY)",
    "CREATE TEMPORARY TABLE items (id BIGINT PRIMARY KEY)",
    "CREATE INDEX IF NOT EXISTS orders_paid ON orders (paid DESC) WHERE paid",
    "CREATE UNIQUE INDEX orders_number ON orders (number, lower(note))",
    "CREATE VIEW paid_orders AS SELECT id FROM orders WHERE paid",
    "CREATE TEMP VIEW paid_orders (name) AS SELECT id FROM orders",
    "ALTER TABLE orders ADD COLUMN tag TEXT",
    "ALTER TABLE orders RENAME COLUMN note TO remark",
    "ALTER TABLE orders DROP COLUMN weight",
    "ALTER TABLE customers RENAME TO buyers",
    "DROP INDEX IF EXISTS orders_due",
    "DROP VIEW numbers",
    "DROP TABLE IF EXISTS nowhere",
    "INSERT INTO customers AS c (id, name) VALUES ('0190163d-8694-739b-aea5-966c26f8ac01', 'Eve') \
     ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE c.name <> 'Eve'",
    "INSERT INTO customers (id, name) SELECT id, 'copy' FROM orders WHERE number = 3 ON CONFLICT DO NOTHING",
    "UPDATE orders SET note = 'x' FROM customers WHERE customers.id = orders.customer AND orders.number = 1",
    "UPDATE orders AS o SET (note, quantity) = ('x', 1) WHERE o.number = 1",
    "DELETE FROM orders AS o WHERE o.number IN (SELECT number FROM numbers WHERE number > 2)",
    "WITH few AS (SELECT id FROM orders WHERE number < 2) DELETE FROM orders WHERE id IN (SELECT id FROM few)",
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT count(*) FROM n",
    "SELECT id FROM orders UNION SELECT id FROM customers ORDER BY id NULLS LAST LIMIT 3 OFFSET 1",
    "SELECT o.id, count(*) FROM orders o JOIN customers c ON c.id = o.customer GROUP BY o.id HAVING count(*) > 0",
    "SELECT (SELECT max(number) FROM orders), count(*) FILTER (WHERE paid) FROM orders",
    "SELECT DISTINCT number FROM orders LEFT JOIN customers USING (id)",
    "VALUES (1, 'a'), (2, 'b')",
    "ANALYZE orders",
    "SELECT n FROM (SELECT number AS n FROM orders) AS o WHERE n > 1 UNION ALL SELECT quantity FROM orders",
    "WITH few (n) AS (SELECT number FROM orders) SELECT n FROM few EXCEPT SELECT 2",
    "INSERT INTO customers (id, name) VALUES ('0190163d-8694-739b-aea5-966c26f8ac09', 'Eve') RETURNING id",
];

/// Named in a portable file.
const UNLIKE: [(&str, &str); 44] = [
    (
        "CREATE UNLOGGED TABLE items (id BIGINT PRIMARY KEY)",
        "not-portable",
    ),
    (
        "CREATE INDEX orders_paid ON orders USING hash (paid)",
        "one-engine-statement",
    ),
    (
        "CREATE INDEX orders_paid ON orders (paid) INCLUDE (number)",
        "one-engine-statement",
    ),
    (
        "CREATE INDEX orders_paid ON orders (note text_pattern_ops)",
        "one-engine-statement",
    ),
    ("CREATE INDEX ON orders (note)", "one-engine-statement"),
    (
        "CREATE INDEX orders_paid ON orders (paid) WITH (fillfactor = 70)",
        "one-engine-statement",
    ),
    (
        "CREATE OR REPLACE VIEW paid_orders AS SELECT id FROM orders",
        "one-engine-statement",
    ),
    (
        "CREATE VIEW IF NOT EXISTS paid_orders AS SELECT id FROM orders",
        "one-engine-statement",
    ),
    (
        "CREATE MATERIALIZED VIEW paid_orders AS SELECT id FROM orders",
        "one-engine-statement",
    ),
    ("CREATE TYPE mood AS ENUM ('good')", "one-engine-statement"),
    ("CREATE SEQUENCE counter", "one-engine-statement"),
    ("CREATE SCHEMA other", "one-engine-statement"),
    (
        "ALTER TABLE orders ADD CONSTRAINT positive CHECK (number > 0)",
        "one-engine-statement",
    ),
    (
        "ALTER TABLE orders DROP CONSTRAINT IF EXISTS positive",
        "one-engine-statement",
    ),
    (
        "ALTER TABLE orders DROP COLUMN IF EXISTS weight",
        "one-engine-statement",
    ),
    (
        "ALTER TABLE orders DROP COLUMN weight CASCADE",
        "one-engine-statement",
    ),
    (
        "ALTER TABLE orders ALTER COLUMN note SET DEFAULT 'x'",
        "not-portable",
    ),
    ("DROP VIEW numbers CASCADE", "one-engine-statement"),
    ("DROP INDEX orders_due RESTRICT", "one-engine-statement"),
    ("DROP TABLE IF EXISTS one, two", "one-engine-statement"),
    (
        "INSERT OR IGNORE INTO customers (id, name) VALUES ('0190163d-8694-739b-aea5-966c26f8ac01', 'Eve')",
        "one-engine-statement",
    ),
    (
        "INSERT INTO customers (id, name) VALUES ('0190163d-8694-739b-aea5-966c26f8ac01', 'Eve') ON CONFLICT ON CONSTRAINT customers_pkey DO NOTHING",
        "one-engine-statement",
    ),
    (
        "UPDATE OR IGNORE orders SET note = 'x' WHERE number = 1",
        "one-engine-statement",
    ),
    (
        "DELETE FROM orders USING customers WHERE customers.id = orders.customer",
        "one-engine-statement",
    ),
    (
        "DELETE FROM ONLY orders WHERE number = 1",
        "one-engine-statement",
    ),
    ("TRUNCATE orders", "one-engine-statement"),
    ("SELECT id FROM orders FOR UPDATE", "one-engine-statement"),
    (
        "SELECT id FROM orders FETCH FIRST 1 ROW ONLY",
        "one-engine-statement",
    ),
    (
        "SELECT DISTINCT ON (note) id FROM orders",
        "one-engine-statement",
    ),
    (
        "SELECT o.id FROM orders o, LATERAL (SELECT o.number) n",
        "one-engine-statement",
    ),
    (
        "SELECT g FROM generate_series(1, 2) g",
        "one-engine-statement",
    ),
    ("TABLE orders", "one-engine-statement"),
    ("PRAGMA user_version", "one-engine-statement"),
    (
        "REPLACE INTO customers (id, name) VALUES ('0190163d-8694-739b-aea5-966c26f8ac01', 'Eve')",
        "one-engine-statement",
    ),
    ("SELECT id FROM orders WHERE number IN ()", "unparsed"),
    ("SELECT id FROM orders LIMIT -1", "one-engine-expression"),
    (
        "SELECT id FROM orders ORDER BY id OFFSET 1",
        "one-engine-statement",
    ),
    ("SELECT id FROM orders LIMIT ALL", "one-engine-expression"),
    (
        "(SELECT id FROM orders) UNION (SELECT id FROM customers)",
        "one-engine-statement",
    ),
    (
        "SELECT id FROM orders INTERSECT ALL SELECT id FROM customers",
        "one-engine-statement",
    ),
    (
        "SELECT n FROM (SELECT number FROM orders) AS o (n)",
        "one-engine-statement",
    ),
    (
        "WITH gone AS (DELETE FROM orders WHERE number = 1 RETURNING id) SELECT id FROM gone",
        "one-engine-statement",
    ),
    (
        "UPDATE orders SET paid = DEFAULT WHERE number = 1",
        "one-engine-expression",
    ),
    (
        "INSERT INTO orders (id, number, paid) VALUES ('0190163d-8694-739b-aea5-966c26f8ad09', 9, DEFAULT)",
        "one-engine-expression",
    ),
];

/// What is said of statements of `PostgreSQL` alone, in a variant.
const ON_POSTGRES: [(&str, &[&str]); 31] = [
    (
        "ALTER TABLE orders SET TABLESPACE pg_default",
        &["full-rewrite"],
    ),
    ("ALTER TABLE orders SET UNLOGGED", &["full-rewrite"]),
    ("CLUSTER orders USING orders_due", &["full-rewrite"]),
    ("ALTER TABLE orders CLUSTER ON orders_due", &["unparsed"]),
    ("LOCK TABLE orders IN SHARE MODE", &["lock-table"]),
    ("REINDEX TABLE orders", &["reindex-without-concurrently"]),
    ("DROP SCHEMA IF EXISTS old CASCADE", &["drop-table"]),
    (
        "ALTER TABLE orders ADD EXCLUDE USING btree (number WITH =)",
        &["key-without-index"],
    ),
    (
        "ALTER TABLE customers ADD CONSTRAINT k PRIMARY KEY (name)",
        &["key-without-index"],
    ),
    (
        "ALTER TABLE orders ALTER COLUMN note SET STATISTICS 500",
        &[],
    ),
    (
        "ALTER TABLE orders ALTER COLUMN note SET STORAGE EXTERNAL",
        &[],
    ),
    ("ALTER TABLE orders SET (fillfactor = 80)", &[]),
    ("ALTER TABLE orders ENABLE ROW LEVEL SECURITY", &[]),
    ("ALTER TABLE orders ALTER COLUMN note DROP DEFAULT", &[]),
    (
        "CREATE STATISTICS both_columns ON number, note FROM orders",
        &[],
    ),
    ("CREATE SEQUENCE counter", &[]),
    ("COMMENT ON TABLE orders IS 'what was bought'", &[]),
    ("GRANT SELECT ON orders TO PUBLIC", &[]),
    ("SET LOCAL statement_timeout = '5s'", &[]),
    ("DO $$ BEGIN NULL; END $$", &["unparsed"]),
    ("DELETE FROM orders WHERE TRUE", &["whole-table-write"]),
    ("UPDATE ONLY orders SET note = 'x'", &["whole-table-write"]),
    ("TRUNCATE orders, customers", &["truncate", "truncate"]),
    ("CREATE TABLE items (name TEXT)", &["variant-collation"]),
    (
        "CREATE TABLE items (name VARCHAR(20) COLLATE \"C\")",
        &["variant-type"],
    ),
    ("CREATE TABLE items (at TIMESTAMP)", &["variant-type"]),
    (
        "CREATE TABLE items (id INT, at TIMESTAMP WITH TIME ZONE, name CHARACTER VARYING COLLATE \"C\")",
        &[],
    ),
    ("CREATE TABLE items (ratio REAL)", &["variant-type"]),
    (
        "CREATE TABLE items (id BIGINT REFERENCES orders_of_another (id))",
        &[],
    ),
    (
        "ALTER TABLE IF EXISTS orders DROP COLUMN weight",
        &["drop-column"],
    ),
    (
        "ALTER TABLE ONLY orders RENAME note TO remark",
        &["rename-column"],
    ),
];

/// The rules about the other engine, or all, that the statement breaks after the shop's.
pub(super) fn named(files: &[(&str, &str)], live: bool) -> Vec<&'static str> {
    let (name, shop) = corpus::shop();
    let files = std::iter::once((name.as_str(), shop.as_str())).chain(files.iter().copied());
    let findings = lint(&Migrations::from_files(files).unwrap(), None);
    let findings = findings
        .iter()
        .filter(|finding| live || finding.rule.family.as_str() != "live");
    let names = findings.map(|finding| finding.rule.name);
    names.filter(|name| *name != "variants-differ").collect()
}

/// The error where the engine does not run the statement; nothing of it stays.
pub(super) async fn error(database: &Database, sql: &str) -> Option<String> {
    let mut session = database.pool().begin().await.unwrap();
    let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
        .execute(&mut *session)
        .await;
    session.rollback().await.unwrap();
    done.err().map(|error| error.to_string())
}

/// Of statements that pass, those that an engine does not run; of those that are named, those that don't stop
/// exactly one; and those that the lint judges otherwise.
pub(super) async fn misjudged(
    [postgres, sqlite]: &[Database; 2],
    alike: &[&str],
    unlike: &[(&str, &str)],
) -> Vec<String> {
    let mut wrong = Vec::new();
    let alike = alike.iter().map(|sql| (*sql, None));
    let unlike = unlike.iter().map(|(sql, rule)| (*sql, Some(*rule)));
    for (sql, rule) in alike.chain(unlike) {
        let file = format!("{sql};\n");
        let names = named(&[("20260301000000_case.up.sql", file.as_str())], false);
        let plan = |engine| translate(sql, engine).unwrap_or_else(|_| sql.to_owned());
        let errors = [
            error(postgres, &plan(Engine::Postgres)).await,
            error(sqlite, &plan(Engine::Sqlite)).await,
        ];
        let stopped = errors.iter().filter(|error| error.is_some()).count();
        let is_right = match rule {
            None => names.is_empty() && stopped == 0,
            Some(rule) => names.contains(&rule) && stopped == 1,
        };
        if !is_right {
            wrong.push(format!("{sql}: {names:?}, {errors:?}"));
        }
    }
    wrong
}

#[test]
fn statements_that_pass_run_on_both_engines_and_those_that_are_named_stop_one() {
    twinbase::testing::run(Engine::Postgres, |test: TestDatabase| async move {
        let databases = on_both(&test).await;
        let [postgres, _] = &databases;
        let mut wrong = misjudged(&databases, &ALIKE, &UNLIKE).await;
        for (sql, rules) in ON_POSTGRES {
            let file = format!("{sql};\n");
            let files = [
                ("postgres/20260301000000_case.up.sql", file.as_str()),
                ("sqlite/20260301000000_case.up.sql", "-- nothing"),
            ];
            let names = named(&files, true);
            // What is not there is no fault of its grammar.
            let refused = error(postgres, sql)
                .await
                .filter(|error| error.contains("syntax error"));
            if names != rules || refused.is_some() {
                wrong.push(format!("{sql}: {names:?}, {refused:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        for database in databases {
            database.close().await;
        }
    });
}
