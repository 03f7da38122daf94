//! LIKE over many texts and patterns on both engines at once: both say the same, or both refuse.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use twinbase::config::Engine;
use twinbase::database::Database;
use twinbase::testing::TestDatabase;

/// How many pairs.
const PAIRS: usize = 1_000;

/// A few characters, so that many pairs match.
fn text(characters: &'static str, most: usize) -> impl Strategy<Value = String> {
    let characters: Vec<char> = characters.chars().collect();
    let character = proptest::sample::select(characters);
    prop::collection::vec(character, 0..=most).prop_map(String::from_iter)
}

#[test]
fn like_says_the_same_of_a_thousand_texts_and_patterns() {
    twinbase::testing::run(Engine::Postgres, |postgres| async move {
        let sqlite = TestDatabase::create(Engine::Sqlite).await;
        let (sqlite, postgres) = (sqlite.open(), postgres.open());
        let mut runner = TestRunner::deterministic();
        let pairs = (text("aAä\u{1f600}%_\\", 6), text("aAä\u{1f600}%%__\\!", 5));
        let mut counts = [0_usize; 3];
        for _ in 0..PAIRS {
            let (text, pattern) = pairs.new_tree(&mut runner).unwrap().current();
            for escape in ["", " ESCAPE '!'", " ESCAPE ''"] {
                let on_sqlite = like(&sqlite, &text, &pattern, escape).await;
                let on_postgres = like(&postgres, &text, &pattern, escape).await;
                assert_eq!(on_sqlite, on_postgres, "{text:?} LIKE {pattern:?}{escape}");
                counts[usize::from(on_sqlite.unwrap_or(2))] += 1;
            }
        }
        // Each answer was given often enough to mean something.
        assert!(counts.iter().all(|count| *count > 10), "{counts:?}");
        sqlite.close().await;
        postgres.close().await;
    });
}

/// 1 or 0; `None` where it is refused.
async fn like(database: &Database, text: &str, pattern: &str, escape: &str) -> Option<u8> {
    let sql = format!(
        "SELECT CASE WHEN CAST($1 AS TEXT) LIKE CAST($2 AS TEXT){escape} THEN 1 ELSE 0 END"
    );
    let query = sqlx::query_scalar::<_, i32>(sqlx::AssertSqlSafe(sql));
    let answer = query.bind(text).bind(pattern).fetch_one(database.pool());
    match answer.await {
        Ok(answer) => Some(u8::try_from(answer).unwrap()),
        Err(sqlx::Error::Database(_)) => None,
        Err(error) => panic!("{text:?} LIKE {pattern:?}{escape}: {error}"),
    }
}
