//! CASTs of any text and any number, on both engines at once: the same value, or the same refusal.

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

/// How many values a type.
const VALUES: usize = 1000;

const TYPES: [&str; 5] = [
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "DOUBLE PRECISION",
    "BOOLEAN",
];

#[derive(Clone, Debug)]
enum Cast {
    Text(String),
    Double(f64),
    Big(i64),
}

/// Text that is a number or a boolean, or nearly one. `x` and `_` are left out: PostgreSQL takes
/// them in numbers from version 16 on.
fn text() -> impl Strategy<Value = String> {
    let soup = select(
        "00112345789+-.eE \t\ntrufalsyno"
            .chars()
            .collect::<Vec<_>>(),
    );
    let edges = [
        "32767",
        "32768",
        "-32769",
        "2147483648",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "1e308",
        "1e309",
        "5e-324",
        "1e-400",
        "0e-999",
        ".5",
        "5.",
        ".",
        "true",
        "TRUE",
        "t",
        "yes",
        "of",
        "o",
        "\u{b}1\u{c}",
        "\u{a0}1",
        "\u{661}",
    ];
    prop_oneof![
        1 => select(edges.map(str::to_owned).to_vec()),
        3 => prop::collection::vec(soup, 0..6).prop_map(String::from_iter),
        1 => "[ ]?[-+]?[0-9]{1,4}(\\.[0-9]{0,3})?(e[-+]?[0-9]{1,3})?[ ]?",
        1 => "[ ]?([Tt]r?u?e?|[Ff]a?l?s?e?|[Yy]e?s?|no?|of?f?|on)[ ]?",
    ]
}

fn cast() -> impl Strategy<Value = Cast> {
    let halves = (-70_000_i32..70_000).prop_map(|halves| f64::from(halves) / 2.0);
    let floats = select(vec![
        32_767.5,
        -32_768.5,
        2_147_483_647.5,
        9.223_372_036_854_775e18,
        9.223_372_036_854_776e18,
        -9.223_372_036_854_776e18,
        1e300,
        -0.0,
        0.499_999_999_999_999_94,
    ]);
    prop_oneof![
        5 => text().prop_map(Cast::Text),
        2 => halves.prop_map(Cast::Double),
        1 => floats.prop_map(Cast::Double),
        1 => any::<i64>().prop_map(Cast::Big),
    ]
}

impl Cast {
    /// The query: an inner CAST gives the value its type, the outer one is what is tried.
    fn query(&self, to: &str) -> Query<'static, Any, AnyArguments> {
        let from = match self {
            Self::Text(_) => "TEXT",
            Self::Double(_) => "DOUBLE PRECISION",
            Self::Big(_) => "BIGINT",
        };
        let query = sqlx::query(AssertSqlSafe(format!(
            "SELECT CAST(CAST($1 AS {from}) AS {to})"
        )));
        match self.clone() {
            Self::Text(value) => query.bind(value),
            Self::Double(value) => query.bind(value),
            Self::Big(value) => query.bind(value),
        }
    }
}

#[test]
fn a_cast_of_any_text_or_number_gives_the_same_or_is_refused_alike() {
    twinbase::testing::run(Engine::Postgres, |postgres| async move {
        let sqlite = TestDatabase::create(Engine::Sqlite).await;
        let databases = [sqlite.open(), postgres.open()];
        let mut runner = TestRunner::deterministic();
        let (mut taken, mut refused) = (0, 0);
        let mut failures = Vec::new();
        for to in TYPES {
            for _ in 0..VALUES {
                let value = cast().new_tree(&mut runner).unwrap().current();
                if to == "BOOLEAN" && !matches!(value, Cast::Text(_)) {
                    // PostgreSQL casts none of these two to it.
                    continue;
                }
                let on_sqlite = outcome(&databases[0], &value, to).await;
                let on_postgres = outcome(&databases[1], &value, to).await;
                if on_sqlite != on_postgres {
                    failures.push(format!("{value:?} AS {to}: {on_sqlite}, {on_postgres}"));
                }
                let was_refused = on_sqlite.starts_with("refused");
                refused += usize::from(was_refused);
                taken += usize::from(!was_refused);
            }
        }
        assert!(
            failures.is_empty(),
            "{} differ:\n{}",
            failures.len(),
            failures.join("\n")
        );
        assert!(
            taken > 500 && refused > 500,
            "{taken} taken, {refused} refused"
        );
        for database in databases {
            database.close().await;
        }
    });
}

async fn outcome(database: &Database, value: &Cast, to: &str) -> String {
    match value.query(to).fetch_one(database.pool()).await {
        // SQLite's CAST makes 0.0 of -0.0 in text, as its columns do.
        Ok(row) => show(&row, 0).unwrap().replace("-0.0", "0.0"),
        Err(error) => refused(&error),
    }
}
