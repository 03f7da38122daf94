//! Files of `PostgreSQL`'s own, and the lines on which something is found: what stands behind WITH, in another
//! schema, beside a comment, and what locks without saying so. All are valid there.

use twinbase::config::Engine;
use twinbase::migration::Migrations;
use twinbase::migration::lint::lint;
use twinbase::testing::TestDatabase;

use super::corpus;

type Findings = &'static [(usize, &'static str)];

const FILES: [(&str, Findings); 33] = [
    // An allow is about the statement that it stands behind.
    (
        "DROP VIEW numbers; -- lint: allow drop-table nobody reads it\nDROP TABLE orders;",
        &[(2, "drop-table")],
    ),
    (
        "DROP VIEW numbers; DROP TABLE orders; -- lint: allow drop-table nobody reads it",
        &[(1, "drop-table")],
    ),
    (
        "DROP VIEW numbers; TRUNCATE orders -- lint: allow truncate it is a cache\n;",
        &[(1, "drop-table")],
    ),
    (
        "DROP VIEW numbers;\n-- lint: allow drop-table nobody reads it\nDROP TABLE orders;",
        &[(1, "drop-table")],
    ),
    // Behind WITH, and in it.
    (
        "WITH few AS (SELECT 1) UPDATE orders SET note = 'x';",
        &[(1, "whole-table-write")],
    ),
    (
        "WITH few AS (SELECT 1)\nDELETE FROM orders;",
        &[(2, "whole-table-write")],
    ),
    (
        "WITH gone AS (DELETE FROM orders RETURNING id) SELECT id FROM gone;",
        &[(1, "whole-table-write")],
    ),
    (
        "WITH few AS (SELECT 1) DELETE FROM orders WHERE number = 1;",
        &[],
    ),
    (
        "LOCK TABLE customers;\nWITH few AS (SELECT 1) DELETE FROM orders WHERE number > 2;",
        &[(1, "lock-table"), (2, "work-after-lock")],
    ),
    (
        "LOCK TABLE customers;\nWITH few AS (SELECT id FROM orders) INSERT INTO customers (id, name) SELECT id, 'x' FROM few;",
        &[(1, "lock-table"), (2, "work-after-lock")],
    ),
    (
        "LOCK TABLE customers;\nWITH few AS (SELECT 1 AS n) INSERT INTO orders (number) SELECT n FROM few;",
        &[(1, "lock-table")],
    ),
    // Conditions that are none.
    (
        "DELETE FROM orders WHERE 1 = 1;",
        &[(1, "whole-table-write")],
    ),
    (
        "UPDATE orders SET note = 'x' WHERE (TRUE);",
        &[(1, "whole-table-write")],
    ),
    (
        "UPDATE orders SET note = 'x' WHERE TRUE AND number = 1;",
        &[],
    ),
    // MERGE.
    (
        "MERGE INTO orders AS o USING customers AS c ON TRUE WHEN MATCHED THEN UPDATE SET note = c.name;",
        &[(1, "whole-table-write")],
    ),
    (
        "MERGE INTO orders AS o USING orders AS p ON o.id = p.id WHEN MATCHED THEN DELETE;",
        &[(1, "whole-table-write")],
    ),
    (
        "MERGE INTO orders AS o USING customers AS c ON c.id = o.customer WHEN MATCHED THEN DELETE;",
        &[],
    ),
    (
        "LOCK TABLE customers;\nMERGE INTO orders AS o USING customers AS c ON c.id = o.customer WHEN MATCHED THEN DELETE;",
        &[(1, "lock-table"), (2, "work-after-lock")],
    ),
    // Another schema has its own tables and indexes; public is the one that is meant without.
    (
        "CREATE TABLE archive.orders (id BIGINT);\nALTER TABLE orders DROP COLUMN weight;",
        &[(2, "drop-column")],
    ),
    (
        "CREATE TABLE archive.orders (id BIGINT);\nALTER TABLE archive.orders DROP COLUMN id;",
        &[],
    ),
    (
        "CREATE TABLE public.items (id BIGINT);\nALTER TABLE items DROP COLUMN id;",
        &[],
    ),
    (
        "CREATE TABLE archive.a (due DATE);\nCREATE INDEX orders_due ON archive.a (due);\nDROP INDEX orders_due;",
        &[(3, "drop-index-without-concurrently")],
    ),
    (
        "CREATE TABLE archive.a (due DATE);\nALTER TABLE archive.a RENAME TO b;\nCREATE INDEX b_due ON archive.b (due);",
        &[],
    ),
    (
        "CREATE VIEW archive.numbers AS SELECT 1;\nDROP VIEW numbers;",
        &[(2, "drop-table")],
    ),
    // Types and views.
    (
        "ALTER TYPE status RENAME VALUE 'new' TO 'open';",
        &[(1, "rename-table")],
    ),
    ("ALTER TYPE status RENAME TO state;", &[(1, "rename-table")]),
    (
        "CREATE TYPE status AS ENUM ('new');\nALTER TYPE status RENAME VALUE 'new' TO 'open';\nDROP TYPE status CASCADE;",
        &[],
    ),
    ("DROP TYPE status CASCADE;", &[(1, "drop-column")]),
    ("DROP TYPE status;", &[]),
    ("DROP DOMAIN amount CASCADE;", &[(1, "drop-column")]),
    ("DROP EXTENSION hstore CASCADE;", &[(1, "drop-column")]),
    (
        "ALTER VIEW numbers RENAME TO counts;",
        &[(1, "rename-table")],
    ),
    (
        "ALTER VIEW numbers RENAME COLUMN number TO n;",
        &[(1, "rename-column")],
    ),
];

/// What is found in the newest file; its twin on `SQLite` is beside the point.
fn found(files: &[(&str, &str)]) -> Vec<(usize, &'static str)> {
    let (name, shop) = corpus::shop();
    let files = std::iter::once((name.as_str(), shop.as_str())).chain(files.iter().copied());
    let findings = lint(&Migrations::from_files(files).unwrap(), None);
    let names = findings
        .iter()
        .map(|finding| (finding.line, finding.rule.name));
    names
        .filter(|(_, name)| *name != "variants-differ")
        .collect()
}

#[test]
fn each_statement_is_looked_at_wherever_it_stands() {
    twinbase::testing::run(Engine::Postgres, |test: TestDatabase| async move {
        let database = test.open();
        let mut wrong = Vec::new();
        for (sql, expected) in FILES {
            let found = found(&[
                ("postgres/20260301000000_case.up.sql", sql),
                ("sqlite/20260301000000_case.up.sql", "-- nothing"),
            ]);
            let mut session = database.pool().begin().await.unwrap();
            let done = sqlx::raw_sql(sql).execute(&mut *session).await;
            session.rollback().await.unwrap();
            // What is not there is no fault of its grammar.
            let refused = done.map_err(|error| error.to_string()).err();
            let refused = refused.filter(|error| error.contains("syntax error"));
            if found != expected || refused.is_some() {
                wrong.push(format!("{sql}: {found:?}, {refused:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        database.close().await;
    });
}

#[test]
fn what_stands_behind_with_is_held_to_the_other_engine_too() {
    for sql in [
        "WITH few AS (SELECT id FROM orders) UPDATE orders SET price = '1.50' WHERE id IN (SELECT id FROM few);",
        "WITH few AS (SELECT 1) INSERT INTO orders (number, price) VALUES (1, '1.50');",
    ] {
        let found = found(&[("20260301000000_case.up.sql", sql)]);
        assert_eq!(found, [(1, "literal-into-column")], "{sql}");
    }
    let archive = "CREATE SCHEMA archive;\nCREATE TABLE archive.orders (price BIGINT);\n";
    let found = found(&[
        ("postgres/20260201000000_archive.up.sql", archive),
        ("sqlite/20260201000000_archive.up.sql", "-- nothing"),
        (
            "20260301000000_case.up.sql",
            "UPDATE orders SET price = '1.50' WHERE number = 1;",
        ),
    ]);
    assert_eq!(found, [(1, "literal-into-column")]);
}
