//! Expressions one by one: those that the lint lets pass give the same on both engines, those that it
//! names do not. Each is selected as a migration would, without the driver's help for queries.

use std::collections::BTreeSet;

use sqlx::Row as _;
use twinbase::config::Engine;
use twinbase::database::Database;
use twinbase::migration::Migrations;
use twinbase::migration::lint::lint;
use twinbase::testing::TestDatabase;

use super::corpus;
use super::portability::on_both;

/// Let pass; of the order whose number is 1, where it is about a row.
const ALIKE: [&str; 70] = [
    "abs(number - 5)",
    "coalesce(note, 'none')",
    "count(*)",
    "count(DISTINCT customer)",
    "CASE WHEN cume_dist() OVER (ORDER BY number) > 0 THEN 'yes' END",
    "dense_rank() OVER (ORDER BY number)",
    "first_value(note) OVER (ORDER BY number)",
    "lag(number) OVER (ORDER BY number)",
    "last_value(number) OVER (ORDER BY number)",
    "lead(number) OVER (ORDER BY number DESC)",
    "length(note)",
    "lower('AbÄ')",
    "ltrim('  x')",
    "max(number)",
    "max(note)",
    "min(number)",
    "nth_value(number, 1) OVER (ORDER BY number)",
    "ntile(2) OVER (ORDER BY number)",
    "nullif(number, 2)",
    "CASE WHEN percent_rank() OVER (ORDER BY number) >= 0 THEN 'yes' END",
    "rank() OVER (ORDER BY number)",
    "replace(note, 'f', 'g')",
    "row_number() OVER (ORDER BY number)",
    "rtrim('x  ')",
    "substr(note, 2, 3)",
    "CAST(sum(number) AS BIGINT)",
    "CASE WHEN CAST(avg(number) AS DOUBLE PRECISION) = 2 THEN 'yes' END",
    "upper('abä')",
    "CASE WHEN weight * 1.5 > 4.01 THEN 'yes' END",
    "CASE WHEN sum(weight) > 8 THEN 'yes' END",
    "CASE WHEN avg(weight) > 2 THEN 'yes' END",
    "trim('  a ')",
    "number + 1",
    "number % 2",
    "number / 2",
    "quantity / nullif(number, 0)",
    "number & 1",
    "number | 4",
    "-number",
    "~number",
    "note || 'x' || number",
    "note || due",
    "CASE WHEN note IS NULL THEN 'yes' ELSE 'no' END",
    "CASE WHEN paid IS TRUE THEN 'yes' ELSE 'no' END",
    "CASE WHEN paid AND NOT paid THEN 'yes' ELSE 'no' END",
    "CASE WHEN paid = TRUE THEN 'yes' ELSE 'no' END",
    "CASE WHEN number BETWEEN 1 AND 2 THEN 'yes' ELSE 'no' END",
    "CASE WHEN number IN (1, 3) THEN 'yes' ELSE 'no' END",
    "CASE WHEN (number, quantity) = (1, 7) THEN 'yes' ELSE 'no' END",
    "CASE WHEN EXISTS (SELECT 1 FROM customers) THEN 'yes' ELSE 'no' END",
    "CASE WHEN note LIKE 'F%' THEN 'yes' ELSE 'no' END",
    "CASE WHEN note IS DISTINCT FROM 'first' THEN 'yes' ELSE 'no' END",
    "CASE WHEN price > 9 AND price < 10.25 THEN 'yes' ELSE 'no' END",
    "CASE WHEN price = '9.50' THEN 'yes' ELSE 'no' END",
    "CASE WHEN placed_at > '2024-06-14T00:00:00.000000Z' THEN 'yes' ELSE 'no' END",
    "CASE WHEN due = '2024-06-14' THEN 'yes' ELSE 'no' END",
    "CASE WHEN id = '0190163d-8694-739b-aea5-966c26f8ad01' THEN 'yes' ELSE 'no' END",
    "CASE WHEN lines IS NULL THEN 'yes' ELSE 'no' END",
    "CAST(number AS TEXT)",
    "CAST(quantity AS BIGINT)",
    "CAST(price AS TEXT)",
    "CAST(id AS TEXT)",
    "CAST(due AS TEXT)",
    "CAST('x' AS TEXT)",
    "CAST(5 AS BIGINT)",
    "CAST(NULL AS BIGINT)",
    "CAST(number + 1 AS BIGINT)",
    "CAST(abs(number) * 2 AS TEXT)",
    "CAST(coalesce(sum(number), 0) AS BIGINT)",
    "(SELECT name FROM customers WHERE customers.id = orders.customer)",
];

/// Named, each with its rule.
const UNLIKE: [(&str, &str); 78] = [
    ("due + INTERVAL '1 month'", "one-engine-expression"),
    ("EXTRACT(year FROM due)", "one-engine-expression"),
    ("placed_at AT TIME ZONE 'UTC'", "one-engine-expression"),
    ("note ILIKE 'F%'", "one-engine-expression"),
    ("note SIMILAR TO 'f%'", "one-engine-expression"),
    ("note ~ 'f'", "one-engine-expression"),
    ("number = ANY (ARRAY[1, 2])", "one-engine-expression"),
    ("ARRAY[1, 2]", "one-engine-expression"),
    ("note COLLATE nocase", "one-engine-expression"),
    ("POSITION('i' IN note)", "one-engine-expression"),
    ("OVERLAY(note PLACING 'x' FROM 1)", "one-engine-expression"),
    ("DATE '2024-01-01'", "one-engine-expression"),
    ("paid IS UNKNOWN", "one-engine-expression"),
    ("SUBSTRING(note FROM 2)", "one-engine-expression"),
    ("TRIM(BOTH 'f' FROM note)", "one-engine-expression"),
    ("number ^ 2", "one-engine-expression"),
    ("number # 2", "one-engine-expression"),
    ("note::text", "one-engine-expression"),
    ("number == 1", "one-engine-expression"),
    ("note IS quantity", "one-engine-expression"),
    ("E'a\\n'", "one-engine-expression"),
    ("$$a$$", "one-engine-expression"),
    ("X'6161'", "one-engine-expression"),
    ("B'1'", "one-engine-expression"),
    ("quantity LIKE '7'", "one-engine-expression"),
    ("lines @> '{}'", "one-engine-expression"),
    ("substr(note, -2)", "one-engine-expression"),
    ("left(note, 1)", "one-engine-function"),
    ("char_length(note)", "one-engine-function"),
    ("greatest(number, 2)", "one-engine-function"),
    ("max(number, 2)", "one-engine-function"),
    ("strftime('%Y', due)", "one-engine-function"),
    ("iif(paid, 1, 2)", "one-engine-function"),
    ("typeof(note)", "one-engine-function"),
    ("gen_random_uuid()", "one-engine-function"),
    ("random()", "one-engine-function"),
    ("round(2.5)", "one-engine-function"),
    ("min(id)", "one-engine-function"),
    ("max(scan)", "one-engine-function"),
    ("min(paid)", "one-engine-function"),
    ("to_char(due, 'YYYY')", "one-engine-function"),
    (
        "CASE WHEN 0.1 + 0.2 = 0.3 THEN 'yes' ELSE 'no' END",
        "decimal-arithmetic",
    ),
    ("1 / 2.0", "decimal-arithmetic"),
    (
        "CASE WHEN number * 0.1 + 0.2 = 0.3 THEN 'yes' ELSE 'no' END",
        "decimal-arithmetic",
    ),
    ("price * 2", "numeric-arithmetic"),
    ("-price", "numeric-arithmetic"),
    ("coalesce(price, 0)", "numeric-arithmetic"),
    ("CASE WHEN paid THEN price END", "numeric-arithmetic"),
    ("avg(price)", "numeric-arithmetic"),
    ("price || 'x'", "numeric-arithmetic"),
    ("due + 1", "moment-arithmetic"),
    ("due - 1", "moment-arithmetic"),
    ("number / 0", "division"),
    ("number % (number - 1)", "division"),
    ("avg(number)", "sum-or-avg"),
    ("CAST(2.5 AS BIGINT)", "cast"),
    (
        "CAST(avg(CASE WHEN number < 3 THEN number END) AS BIGINT)",
        "cast",
    ),
    ("CAST(sum(weight) AS TEXT)", "cast"),
    ("CAST(avg(number) AS TEXT)", "cast"),
    ("CAST('12abc' AS BIGINT)", "cast"),
    ("CAST(weight AS BIGINT)", "cast"),
    ("CAST(paid AS TEXT)", "cast"),
    ("CAST(weight - weight AS TEXT)", "cast"),
    ("CAST(placed_at AS TEXT)", "cast"),
    ("CAST('2024-01-01' AS DATE)", "cast"),
    ("CAST('1.50' AS NUMERIC)", "cast"),
    ("note || paid", "cast"),
    ("note || placed_at", "cast"),
    ("'x' || 1.50", "cast"),
    ("CURRENT_TIMESTAMP", "current-moment"),
    ("now()", "current-moment"),
    ("note = 5", "literal-beside-column"),
    (
        "CASE WHEN '10' = 10 THEN 'yes' ELSE 'no' END",
        "literal-beside-column",
    ),
    ("paid = 1", "literal-beside-column"),
    (
        "CASE WHEN due < '2024-6-5' THEN 'yes' ELSE 'no' END",
        "literal-beside-column",
    ),
    ("lines ->> 'gift'", "json-operator"),
    ("lines = '{\"gift\":true}'", "json-operator"),
    ("CASE WHEN number THEN 'yes' END", "number-as-condition"),
];

/// The rules that a query of the expression breaks, but for those about the query around it.
fn named(expression: &str) -> BTreeSet<&'static str> {
    let (name, shop) = corpus::shop();
    let sql = format!("SELECT {expression} FROM orders WHERE number = 1;\n");
    let files = [
        (name.as_str(), shop.as_str()),
        ("20260301000000_case.sql", sql.as_str()),
    ];
    let findings = lint(&Migrations::from_files(files).unwrap(), None);
    findings.iter().map(|finding| finding.rule.name).collect()
}

/// What a migration would get for the expression, as text; the error where there is one.
async fn value(database: &Database, expression: &str) -> String {
    let aggregates = ["count(", "min(", "max(", "sum(", "avg("];
    let whole =
        aggregates.iter().any(|name| expression.contains(name)) || expression.contains("OVER");
    let rows = if whole { "number > 0" } else { "number = 1" };
    let text = match database.engine() {
        Engine::Postgres => format!("CAST(({expression}) AS TEXT)"),
        Engine::Sqlite => format!("({expression}) || ''"),
    };
    let sql = format!("SELECT {text} FROM orders WHERE {rows}");
    match sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .fetch_all(database.pool())
        .await
    {
        Ok(rows) => {
            let row = rows.first().unwrap();
            row.get::<Option<String>, _>(0)
                .unwrap_or_else(|| "NULL".to_owned())
        }
        Err(error) => format!("fails: {error}"),
    }
}

#[test]
fn expressions_that_pass_are_alike_on_both_engines_and_those_that_are_named_are_not() {
    twinbase::testing::run(Engine::Postgres, |test: TestDatabase| async move {
        let databases = on_both(&test).await;
        for database in &databases {
            let weight = "UPDATE orders SET weight = 2.7";
            sqlx::raw_sql(weight)
                .execute(database.pool())
                .await
                .unwrap();
        }
        let [postgres, sqlite] = &databases;
        let mut wrong = Vec::new();
        for expression in ALIKE {
            let found = named(expression);
            let values = [
                value(postgres, expression).await,
                value(sqlite, expression).await,
            ];
            if !found.is_empty() || values[0] != values[1] || values[0].starts_with("fails") {
                wrong.push(format!("{expression}: {values:?}, {found:?}"));
            }
        }
        for (expression, rule) in UNLIKE {
            let found = named(expression);
            let values = [
                value(postgres, expression).await,
                value(sqlite, expression).await,
            ];
            if !found.contains(rule) || values[0] == values[1] {
                wrong.push(format!("{expression} ({rule}): {values:?}, {found:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        for database in databases {
            database.close().await;
        }
    });
}
