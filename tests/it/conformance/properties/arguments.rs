//! Values of every Rust kind into columns of every type, in every way to bind one, on both engines at
//! once: both store the same, or find the same rows, or both refuse with the same kind of error.

use std::fmt::Debug;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};
use twinbase::config::Engine;
use twinbase::database::Database;
use twinbase::testing::TestDatabase;

use crate::conformance::outcome::{refused, show};

use super::migrate;

/// How many values a type.
const VALUES: usize = 450;

/// A value of a kind that can be bound.
#[derive(Clone, Debug)]
enum Bound {
    Null(u8),
    Bool(bool),
    Small(i16),
    Integer(i32),
    Big(i64),
    Real(f32),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
}

type AnyQuery<'q> = Query<'q, Any, AnyArguments>;

impl Bound {
    fn bind<'q>(&self, query: AnyQuery<'q>) -> AnyQuery<'q> {
        match self.clone() {
            Self::Null(0) => query.bind(None::<bool>),
            Self::Null(1) => query.bind(None::<i64>),
            Self::Null(2) => query.bind(None::<f64>),
            Self::Null(3) => query.bind(None::<Vec<u8>>),
            Self::Null(_) => query.bind(None::<String>),
            Self::Bool(value) => query.bind(value),
            Self::Small(value) => query.bind(value),
            Self::Integer(value) => query.bind(value),
            Self::Big(value) => query.bind(value),
            Self::Real(value) => query.bind(value),
            Self::Double(value) => query.bind(value),
            Self::Text(value) => query.bind(value),
            Self::Bytes(value) => query.bind(value),
        }
    }
}

/// A column type, with what is in the table before, and text that is a value of it or nearly one.
const TYPES: &[(&str, &str, &[&str])] = &[
    ("BOOLEAN", "TRUE", &["true", "t", "1", "0"]),
    ("SMALLINT", "7", &["7", "7.0", "32768"]),
    ("INTEGER", "7", &["7", "2147483648"]),
    ("BIGINT", "7", &["7", " 7", "9223372036854775808"]),
    ("DOUBLE PRECISION", "0.5", &["0.5", "1e3", "NaN"]),
    ("TEXT", "'7'", &["7", "x", "\u{1f600}", "a\0b", "%"]),
    ("VARCHAR(4)", "'7'", &["7", "abcd", "abcde", "ab   "]),
    ("BYTEA", "NULL", &["x", "\\x00"]),
    (
        "UUID",
        "'0190163d-8694-739b-aea5-966c26f8ad91'",
        &[
            "0190163d-8694-739b-aea5-966c26f8ad91",
            "0190163D-8694-739B-AEA5-966C26F8AD91",
            "0190163d8694739baea5966c26f8ad91",
            "{0190163d-8694-739b-aea5-966c26f8ad91}",
            "0190163d-8694-739b-aea5-966c26f8ad9",
        ],
    ),
    (
        "TIMESTAMPTZ",
        "'2024-02-29T12:00:00.000000Z'",
        &[
            "2024-02-29T12:00:00.000000Z",
            "2024-02-29 13:00:00+01",
            "2024-02-29t12:00:00z",
            "2024-02-29T12:00:00.0000001Z",
            "2024-02-29T12:00:00",
            "2024-02-29",
            "2024-02-30T12:00:00Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59.999999Z",
            "infinity",
            "now",
        ],
    ),
    (
        "DATE",
        "'2024-02-29'",
        &[
            "2024-02-29",
            "2024-02-30",
            "2024-2-29",
            "0000-01-01",
            "10000-01-01",
            "-infinity",
            "today",
            "2024-02-29T12:00:00.000000Z",
        ],
    ),
    (
        "NUMERIC(20,8)",
        "'7'",
        &[
            "7",
            "+7",
            "1.50",
            "-0.0",
            "007",
            "1.000000000",
            "1.123456789",
            "1234567890123",
            ".5",
            "5.",
            "1e3",
            "NaN",
        ],
    ),
    (
        "NUMERIC",
        "'7'",
        &[
            "7.00",
            "123456789012345678901234567890.50",
            "-0",
            "Infinity",
        ],
    ),
    (
        "JSONB",
        "'{}'",
        &["{}", "{\"a\": 1}", "[1,]", "7", "\"\\u0000\"", "tru", ""],
    ),
];

/// Each writes a row: what no row takes is a difference that stays. `$1` is 2, `$2` and `$3` are values.
const WRITES: &[&str] = &[
    "INSERT INTO p (id, c) VALUES ($1, $2), (-$1 - 1, $3)",
    "INSERT INTO p VALUES (CAST($1 AS BIGINT), $2), (-1, ($3))",
    "INSERT INTO p (c, id) SELECT $2, $1 FROM p WHERE id = 0 OR c = $3",
    "INSERT INTO p (id, c) VALUES ($1, $2), (0, $3) ON CONFLICT (id) DO UPDATE SET c = excluded.c",
    "INSERT INTO p (id, c) VALUES (0, $2) ON CONFLICT (id) DO UPDATE SET c = $3 WHERE p.id <> $1",
    "UPDATE p SET c = $2 WHERE id <> $1 AND (c = $3 OR id = 0)",
    "UPDATE p SET c = $2, id = 5 WHERE id = $1 - 2 OR id = 0 AND c IS DISTINCT FROM $3",
    "UPDATE p SET (id, c) = ($1, $2) WHERE id = 0 OR p.c NOT IN ($3)",
    "UPDATE p SET c = coalesce($2, c) WHERE id <> $1 AND (c = $3 OR id = 0)",
];

/// `$1` and `$2` are values.
const READS: &[&str] = &[
    "SELECT id FROM p WHERE c = $1 OR $2 = c",
    "SELECT id FROM p AS q WHERE q.c <> $1 AND c IS NOT DISTINCT FROM $2",
    "SELECT id FROM p WHERE c IN ($1, $2)",
    "SELECT id FROM p WHERE c NOT IN ($1, ($2))",
    "SELECT id FROM p WHERE c BETWEEN $1 AND $2",
    "SELECT id FROM p WHERE c < $1 OR c>=$2",
    "SELECT id FROM p WHERE coalesce(c, $1) = $2",
    "SELECT id FROM p WHERE (id, c) = (0, $1) OR (c, id) <> ($2, 0)",
    "SELECT id FROM (SELECT id FROM p WHERE c = $1) s WHERE EXISTS (SELECT 1 FROM p WHERE c = $2)",
    "DELETE FROM p WHERE c = $1 AND $2 <> c RETURNING id",
];

/// What fits a column, as far as its kind goes, half of the time; else anything.
fn bound(column: &'static str, texts: &'static [&'static str]) -> BoxedStrategy<Bound> {
    let fitting = match column {
        "BOOLEAN" => any::<bool>().prop_map(Bound::Bool).boxed(),
        "SMALLINT" => select(vec![0, 7, -1]).prop_map(Bound::Small).boxed(),
        "INTEGER" => select(vec![0, 7, i32::MAX])
            .prop_map(Bound::Integer)
            .boxed(),
        "BIGINT" => select(vec![0, 7, i64::MIN]).prop_map(Bound::Big).boxed(),
        "DOUBLE PRECISION" => select(vec![0.5, -0.0, 7.0]).prop_map(Bound::Double).boxed(),
        "BYTEA" => select(vec![vec![], vec![0, 255]])
            .prop_map(Bound::Bytes)
            .boxed(),
        _ => select(&texts[..texts.len().min(2)])
            .prop_map(|text| Bound::Text(text.to_owned()))
            .boxed(),
    };
    prop_oneof![2 => fitting, 1 => any_kind(texts)].boxed()
}

fn any_kind(texts: &'static [&'static str]) -> impl Strategy<Value = Bound> {
    let whole = vec![
        0,
        1,
        7,
        -1,
        32_767,
        32_768,
        -2_147_483_649,
        (1 << 53) + 1,
        (1 << 53) + 2,
        i64::MAX,
        i64::MIN,
    ];
    let floats = vec![
        0.0,
        -0.0,
        0.5,
        1.0,
        7.0,
        0.1,
        1e300,
        f64::from_bits(1),
        f64::NAN,
        f64::INFINITY,
    ];
    prop_oneof![
        1 => (0..5_u8).prop_map(Bound::Null),
        1 => any::<bool>().prop_map(Bound::Bool),
        1 => select(vec![0, 1, 7, i16::MIN]).prop_map(Bound::Small),
        1 => select(vec![0, 1, 7, 40_000, i32::MIN]).prop_map(Bound::Integer),
        2 => select(whole).prop_map(Bound::Big),
        1 => select(vec![0.0, -0.0, 0.5, 0.1_f32, f32::NAN]).prop_map(Bound::Real),
        2 => select(floats).prop_map(Bound::Double),
        5 => select(texts).prop_map(|text| Bound::Text(text.to_owned())),
        1 => select(vec!["7", "x", "true", "{}", "2024-02-29", ""])
            .prop_map(|text| Bound::Text(text.to_owned())),
        1 => select(vec![vec![], vec![0], b"7".to_vec(), vec![0xc3, 0x28]]).prop_map(Bound::Bytes),
    ]
}

#[test]
fn an_argument_of_any_kind_is_taken_or_refused_alike_by_a_column_of_any_type() {
    twinbase::testing::run(Engine::Postgres, |postgres| async move {
        let sqlite = TestDatabase::create(Engine::Sqlite).await;
        let databases = [sqlite.open(), postgres.open()];
        let tables: Vec<_> = (0_u8..)
            .zip(TYPES)
            .map(|(at, (column, ..))| {
                format!("CREATE TABLE p{at} (id BIGINT PRIMARY KEY, c {column});\n")
            })
            .collect();
        for database in &databases {
            migrate(database, &tables.concat()).await;
        }
        let mut runner = TestRunner::deterministic();
        let (mut taken, mut refused) = (0, 0);
        let mut failures = Vec::new();
        for (at, (column, kept, texts)) in TYPES.iter().enumerate() {
            for _ in 0..VALUES {
                let values = (bound(column, texts), bound(column, texts));
                let (one, two) = values.new_tree(&mut runner).unwrap().current();
                let statement = select([WRITES, READS].concat());
                let statement = statement.new_tree(&mut runner).unwrap().current();
                // The gate refuses these of a NUMERIC column: the statement itself is not portable.
                let computes = ["coalesce", "(id, c) = ("]
                    .iter()
                    .any(|part| statement.contains(part));
                if column.starts_with("NUMERIC") && computes {
                    continue;
                }
                let sql = statement.replace(" p ", &format!(" p{at} "));
                let sql = sql.replace("p.", &format!("p{at}."));
                let mut outcomes = Vec::new();
                for database in &databases {
                    let start = format!(
                        "DELETE FROM p{at}; INSERT INTO p{at} VALUES (0, {kept}), (1, NULL)"
                    );
                    sqlx::raw_sql(AssertSqlSafe(start))
                        .execute(database.pool())
                        .await
                        .unwrap();
                    let writes = WRITES.contains(&statement);
                    outcomes.push(outcome(database, at, &sql, writes, [&one, &two]).await);
                }
                // JSONB compares and reads as written on SQLite.
                let alike = match &outcomes[..] {
                    [Ok(_), Ok(_)] if *column == "JSONB" => true,
                    [sqlite, postgres] => sqlite == postgres,
                    _ => unreachable!("two databases"),
                };
                if !alike {
                    failures.push(format!(
                        "{column}: {sql} with {one:?}, {two:?}: {outcomes:?}"
                    ));
                }
                taken += usize::from(outcomes[0].is_ok());
                refused += usize::from(outcomes[0].is_err());
            }
        }
        assert!(
            failures.is_empty(),
            "{} differ:\n{}",
            failures.len(),
            failures.join("\n")
        );
        assert!(
            taken > 1000 && refused > 1000,
            "{taken} taken, {refused} refused"
        );
        for database in databases {
            database.close().await;
        }
    });
}

/// What the table holds after a write, or the rows that a read finds.
async fn outcome(
    database: &Database,
    table: usize,
    sql: &str,
    writes: bool,
    values: [&Bound; 2],
) -> Result<String, String> {
    let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
    if writes {
        query = query.bind(2_i64);
    }
    for value in values {
        query = value.bind(query);
    }
    let pool = database.pool();
    let mut rows = query
        .fetch_all(pool)
        .await
        .map_err(|error| refused(&error))?;
    if writes {
        let read = format!("SELECT c, id FROM p{table}");
        let read = sqlx::query(AssertSqlSafe(read)).fetch_all(pool).await;
        rows = read.map_err(|error| refused(&error))?;
    }
    let mut shown = Vec::new();
    for row in &rows {
        // SQLite has no negative zero.
        let cell = show(row, 0).unwrap().replace("-0.0", "0.0");
        shown.push(cell);
    }
    shown.sort();
    Ok(shown.join(", "))
}
