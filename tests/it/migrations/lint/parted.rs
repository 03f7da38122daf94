//! Statements one by one whose names, values and conditions part the engines, beside those that look alike and
//! do not.

use twinbase::config::Engine;
use twinbase::migration::Migrations;
use twinbase::migration::lint::lint;
use twinbase::testing::TestDatabase;

use super::portability::on_both;
use super::statements::misjudged;

/// Let pass; each runs on both engines.
const ALIKE: [&str; 28] = [
    "INSERT INTO customers (id, name) SELECT id, 'copy' FROM orders WHERE TRUE ON CONFLICT DO NOTHING",
    "INSERT INTO customers (id, name) SELECT id, 'copy' FROM orders ORDER BY id ON CONFLICT (id) DO NOTHING",
    "INSERT INTO customers (id, name) SELECT id, 'copy' FROM orders GROUP BY id ON CONFLICT (id) DO NOTHING",
    "INSERT INTO customers (id, name) SELECT o.id, 'x' FROM orders o JOIN numbers n ON n.id = o.id ON CONFLICT DO NOTHING",
    "INSERT INTO customers (id, name) SELECT '0190163d-8694-739b-aea5-966c26f8ac07', 'x' FROM customers LIMIT 1",
    "INSERT INTO orders (id, number, paid) SELECT '0190163d-8694-739b-aea5-966c26f8ad77', 9, TRUE FROM customers LIMIT 1",
    "SELECT o.id FROM orders o WHERE o.paid",
    "SELECT o.note, a.name, count(*) FROM orders o JOIN customers a ON a.id = o.customer GROUP BY o.id, a.name",
    "SELECT number AS sym, count(*) AS n FROM orders GROUP BY number ORDER BY sym, n DESC, 1",
    "SELECT coalesce(note, '') AS remark FROM orders ORDER BY remark",
    "SELECT o.number, c.name FROM orders o JOIN customers c ON c.id = o.customer ORDER BY o.number, c.name",
    "SELECT o.number FROM orders o LEFT JOIN customers c ON c.id = o.customer ORDER BY o.number",
    "SELECT CAST(coalesce(sum(number), 0) AS BIGINT) AS n FROM orders",
    "SELECT CAST(coalesce(avg(number), 0) AS DOUBLE PRECISION) AS n FROM orders",
    "UPDATE orders SET price = 0.0001 WHERE number = 1",
    "UPDATE orders SET (note, due) = ('x', '2024-01-01') WHERE number = 1",
    "UPDATE orders SET due = coalesce(due, '2024-01-01') WHERE number = 1",
    "UPDATE orders SET note = id, quantity = number, weight = quantity WHERE number = 1",
    "UPDATE orders SET customer = c.id, due = c.since FROM customers AS c WHERE c.id = orders.customer",
    "SELECT id FROM orders WHERE number = quantity OR weight > number OR id = customer",
    "UPDATE orders SET weight = number, quantity = number WHERE number = 1",
    "CREATE TABLE items (id BIGINT PRIMARY KEY, name TEXT, type TEXT, date DATE, key TEXT, value TEXT)",
    "SELECT d.n FROM (SELECT number AS n FROM orders) AS d WHERE d.n = 1",
    "SELECT length(scan), length(note), upper(note) FROM orders",
    "UPDATE orders SET number = 1000 WHERE number = 1",
    "WITH few AS (SELECT number AS note FROM orders) SELECT note FROM few WHERE note = (SELECT max(number) FROM orders)",
    "SELECT number, note FROM orders UNION ALL SELECT quantity, name FROM orders, customers",
    "SELECT id FROM orders WHERE (number, due) > (1, '2024-01-01') AND (number, id) IN ((1, customer))",
];

/// Named; one engine stops at each.
const UNLIKE: [(&str, &str); 43] = [
    (
        "INSERT INTO customers (id, name) SELECT id, 'copy' FROM orders ON CONFLICT (id) DO NOTHING",
        "one-engine-statement",
    ),
    (
        "INSERT INTO customers (id, name) SELECT o.id, 'x' FROM orders o, numbers n ON CONFLICT DO NOTHING",
        "one-engine-statement",
    ),
    (
        "UPDATE orders o SET note = 'x' WHERE o.number = 1",
        "one-engine-statement",
    ),
    (
        "DELETE FROM orders o WHERE o.number = 1",
        "one-engine-statement",
    ),
    ("SELECT id FROM public.orders", "one-engine-statement"),
    ("SELECT id FROM main.orders", "one-engine-statement"),
    (
        "CREATE TABLE public.items (id BIGINT PRIMARY KEY)",
        "one-engine-statement",
    ),
    (
        "ALTER TABLE public.orders ADD COLUMN tag TEXT",
        "one-engine-statement",
    ),
    ("DROP VIEW public.numbers", "one-engine-statement"),
    (
        "INSERT INTO customers (id, name) SELECT '0190163D-8694-739B-AEA5-966C26F8AC07', 'x' FROM orders WHERE number = 1",
        "literal-into-column",
    ),
    (
        "INSERT INTO orders (id, number, paid) SELECT '0190163d-8694-739b-aea5-966c26f8ad77', 9, 1 FROM customers LIMIT 1",
        "literal-into-column",
    ),
    (
        "UPDATE orders SET (note, due) = ('x', '20240101') WHERE number = 1",
        "literal-into-column",
    ),
    (
        "UPDATE orders SET due = coalesce(due, '20240101') WHERE number = 3",
        "literal-into-column",
    ),
    (
        "UPDATE orders SET price = 0.00001 WHERE number = 1",
        "literal-into-column",
    ),
    (
        "SELECT number FROM (SELECT number FROM orders)",
        "one-engine-statement",
    ),
    ("SELECT rowid FROM orders", "one-engine-expression"),
    (
        "SELECT id FROM orders WHERE orders.ctid IS NULL",
        "one-engine-expression",
    ),
    (
        "SELECT id FROM orders WHERE xmin IS NULL",
        "one-engine-expression",
    ),
    ("SELECT id FROM orders WHERE note", "one-engine-expression"),
    (
        "SELECT id FROM orders WHERE paid AND due",
        "one-engine-expression",
    ),
    (
        "SELECT id FROM orders WHERE note = number",
        "one-engine-expression",
    ),
    (
        "SELECT id FROM orders WHERE customer = note",
        "one-engine-expression",
    ),
    (
        "SELECT id FROM orders WHERE paid = number",
        "one-engine-expression",
    ),
    (
        "UPDATE orders SET number = note WHERE number = 99",
        "one-engine-expression",
    ),
    (
        "UPDATE orders SET paid = quantity WHERE number = 99",
        "one-engine-expression",
    ),
    ("SELECT length(number) FROM orders", "one-engine-function"),
    ("SELECT trim(number) FROM orders", "one-engine-function"),
    ("SELECT lower(id) FROM orders", "one-engine-function"),
    (
        "SELECT id FROM orders TABLESAMPLE BERNOULLI (10)",
        "one-engine-statement",
    ),
    (
        "CREATE TABLE items (id BIGINT PRIMARY KEY, user TEXT)",
        "one-engine-statement",
    ),
    (
        "CREATE TABLE items (id BIGINT PRIMARY KEY, index TEXT)",
        "one-engine-statement",
    ),
    (
        "ALTER TABLE orders ADD COLUMN transaction TEXT",
        "one-engine-statement",
    ),
    (
        "SELECT id FROM orders WHERE number = 1_000",
        "one-engine-expression",
    ),
    (
        "UPDATE orders SET price = number WHERE number = 1",
        "one-engine-expression",
    ),
    (
        "UPDATE orders SET quantity = price WHERE number = 1",
        "one-engine-expression",
    ),
    (
        "SELECT id FROM orders WHERE price = number",
        "one-engine-expression",
    ),
    (
        "SELECT id FROM orders WHERE price > weight",
        "one-engine-expression",
    ),
    (
        "UPDATE orders SET price = .5 WHERE number = 1",
        "literal-into-column",
    ),
    (
        "UPDATE orders SET weight = price WHERE number = 1",
        "one-engine-expression",
    ),
    (
        "CREATE VIEW mixed AS SELECT note FROM orders UNION ALL SELECT number FROM orders",
        "one-engine-expression",
    ),
    (
        "SELECT id FROM orders WHERE (number, note) = (1, quantity)",
        "one-engine-expression",
    ),
    (
        "SELECT id FROM orders WHERE (number, due) > (1, 20240101)",
        "literal-beside-column",
    ),
    (
        "UPDATE orders SET note = price WHERE number = 1",
        "one-engine-expression",
    ),
];

#[test]
fn names_and_values_that_pass_run_on_both_engines_and_those_that_are_named_stop_one() {
    twinbase::testing::run(Engine::Postgres, |test: TestDatabase| async move {
        let databases = on_both(&test).await;
        let wrong = misjudged(&databases, &ALIKE, &UNLIKE).await;
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        for database in databases {
            database.close().await;
        }
    });
}

/// What is said of a statement after a table of its own.
fn said(sql: &str) -> Vec<(&'static str, String, String)> {
    let table = "CREATE TABLE orders (id UUID PRIMARY KEY, n BIGINT, day DATE, at TIMESTAMPTZ);\n";
    let file = format!("{sql};\n");
    let files = [
        ("20260101000000_before.sql", table),
        ("20260301000000_case.up.sql", file.as_str()),
    ];
    let findings = lint(&Migrations::from_files(files).unwrap(), None);
    let findings = findings.into_iter();
    findings
        .map(|finding| (finding.rule.name, finding.what, finding.safe))
        .collect()
}

#[test]
fn a_finding_says_what_it_is_about() {
    for (sql, rule, part) in [
        (
            "SELECT id FROM orders WHERE n << 1 = 2",
            "one-engine-expression",
            "the operator << in n << 1",
        ),
        (
            "SELECT at || 'x' AS t FROM orders",
            "cast",
            "which makes text of TIMESTAMPTZ",
        ),
        (
            "SELECT at || 'x' AS t FROM orders",
            "cast",
            "write the text in Rust",
        ),
        (
            "UPDATE orders SET at = now() WHERE n = 1",
            "current-moment",
            "binds Timestamp::now()",
        ),
        (
            "SELECT id FROM orders WHERE at > now()",
            "current-moment",
            "leave the column out",
        ),
        (
            "CREATE TABLE items (id BIGINT PRIMARY KEY, Name TEXT)",
            "name-case",
            "the name Name",
        ),
        (
            "SELECT id AS Type FROM orders",
            "name-case",
            "the name Type",
        ),
        (
            "SELECT id FROM orders WHERE day > at",
            "one-engine-expression",
            "beside at, which is TIMESTAMPTZ",
        ),
        (
            "UPDATE orders SET at = day WHERE n = 1",
            "one-engine-expression",
            "into at",
        ),
        (
            "SELECT a.id FROM orders a LEFT JOIN orders b ON b.id = a.id ORDER BY b.id",
            "order-by-nulls",
            "b.id",
        ),
        (
            "SELECT b.n AS id FROM orders b ORDER BY id",
            "order-by-nulls",
            "ORDER BY id",
        ),
    ] {
        let found = said(sql);
        let is_said = |(name, what, safe): &(&str, String, String)| {
            *name == rule && (what.contains(part) || safe.contains(part))
        };
        assert!(found.iter().any(is_said), "{sql}: {found:?}");
    }
    for (sql, safe) in [
        ("SELECT id FROM public.orders", "leave the schema out"),
        ("DELETE FROM orders o WHERE o.n = 1", "write AS before it"),
        ("SELECT id FROM orders WHERE id = n", "columns of one type"),
    ] {
        let found = said(sql);
        assert!(
            found.iter().any(|found| found.2.contains(safe)),
            "{found:?}"
        );
    }
    // The parser does not know it; a name it is not.
    let found = said("SELECT id FROM orders WHERE n ISNULL");
    let names: Vec<_> = found.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, ["unparsed"]);
}
