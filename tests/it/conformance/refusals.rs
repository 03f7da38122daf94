//! Text that is nearly a value of a type, bound to its column on both engines at once: both take it
//! and read it back the same, in the canonical form where it is another spelling, or both refuse it
//! as data.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use sqlx::AssertSqlSafe;
use twinbase::config::Engine;
use twinbase::database::Database;
use twinbase::testing::TestDatabase;

use super::outcome::refused;
use super::properties::migrate;

/// How many texts a type.
const TEXTS: usize = 400;

/// A column type and canonical values to begin with.
const TYPES: &[(&str, &[&str])] = &[
    (
        "UUID",
        &[
            "0190163d-8694-739b-aea5-966c26f8ad91",
            "00000000-0000-0000-0000-000000000000",
        ],
    ),
    (
        "TIMESTAMPTZ",
        &["2024-02-29T23:59:59.999999Z", "0001-01-01T00:00:00.000000Z"],
    ),
    ("DATE", &["2024-02-29", "1999-12-31"]),
    ("NUMERIC(6,3)", &["123.456", "-0.5", "0", "100"]),
    ("NUMERIC", &["123456789012345678901234567890.5", "-7"]),
    ("VARCHAR(4)", &["abcd", "ä\u{1f600} "]),
    (
        "JSONB",
        &["{\"a\": [1, true, null, -0.5e3]}", "\"\\u00e4\"", "[]"],
    ),
];

/// One to three small changes.
fn spoiled(values: &'static [&'static str]) -> impl Strategy<Value = String> {
    let characters: Vec<char> = "0123456789-+.:eETZz \"\\{}[],aAfFnN\u{e4}\u{664}\t"
        .chars()
        .collect();
    let change = (any::<Index>(), 0..3_u8, select(characters));
    (select(values), prop::collection::vec(change, 1..=3)).prop_map(|(value, changes)| {
        let mut text: Vec<char> = value.chars().collect();
        for (place, what, character) in changes {
            let at = place.index(text.len() + 1);
            match what {
                0 => text.insert(at, character),
                _ if at == text.len() => {}
                1 => text[at] = character,
                _ => drop(text.remove(at)),
            }
        }
        text.into_iter().collect()
    })
}

#[test]
fn text_that_is_nearly_a_value_is_taken_by_both_engines_or_by_none() {
    twinbase::testing::run(Engine::Postgres, |postgres| async move {
        let sqlite = TestDatabase::create(Engine::Sqlite).await;
        let (sqlite, postgres) = (sqlite.open(), postgres.open());
        let tables: Vec<_> = (0_u8..)
            .zip(TYPES)
            .map(|(at, (column, _))| format!("CREATE TABLE nearly{at} (id BIGINT, c {column});\n"))
            .collect();
        for database in [&sqlite, &postgres] {
            migrate(database, &tables.concat()).await;
        }
        let mut runner = TestRunner::deterministic();
        let mut respelled = 0;
        for (at, (column, values)) in TYPES.iter().enumerate() {
            let strategy = spoiled(values);
            let mut taken = 0;
            for id in 1..=TEXTS {
                let text = strategy.new_tree(&mut runner).unwrap().current();
                let id = i64::try_from(id).unwrap();
                let on_sqlite = outcome(&sqlite, at, id, &text).await;
                let on_postgres = outcome(&postgres, at, id, &text).await;
                taken += usize::from(on_sqlite.is_ok());
                // JSONB is kept as written on SQLite and normalised by PostgreSQL.
                let both_took = [&on_sqlite, &on_postgres].map(Result::is_ok);
                assert!(
                    on_sqlite == on_postgres || (*column == "JSONB" && both_took == [true, true]),
                    "{column} {text:?}: {on_sqlite:?}, {on_postgres:?}"
                );
                respelled += usize::from(on_sqlite.is_ok_and(|read| read != text));
            }
            assert!(taken > 0 && taken < TEXTS, "{column}: {taken} taken");
        }
        // Few, or the changes are not of the kind that this test is for.
        assert!(
            (1..TEXTS / 4).contains(&respelled),
            "{respelled} other spellings"
        );
        sqlite.close().await;
        postgres.close().await;
    });
}

async fn outcome(database: &Database, table: usize, id: i64, text: &str) -> Result<String, String> {
    let insert = format!("INSERT INTO nearly{table} VALUES ($1, $2)");
    let insert = sqlx::query(AssertSqlSafe(insert)).bind(id).bind(text);
    if let Err(error) = insert.execute(database.pool()).await {
        return Err(refused(&error));
    }
    let select = format!("SELECT c FROM nearly{table} WHERE id = $1");
    let read = sqlx::query_scalar::<_, String>(AssertSqlSafe(select)).bind(id);
    let read = read.fetch_one(database.pool()).await;
    read.map_err(|error| refused(&error))
}
