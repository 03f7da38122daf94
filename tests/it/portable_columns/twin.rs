//! The same tables on both engines, and how a statement ends on each.

use std::cmp::Ordering;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use twinbase::config::Engine;
use twinbase::migration::translate::{DECIMAL_COLLATION, TYPE_CHECK_PREFIX, translate};
use twinbase::types::Decimal;

/// How a statement ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It ran, and gave these rows, NULL as `null`.
    Rows(Vec<Vec<String>>),
    /// A value does not fit its column.
    Data,
    /// A NOT NULL column got none.
    NotNull,
    /// A rule of the table's own, by name.
    Rule(String),
}

/// Runs a claim about both engines at once.
pub(crate) fn on_both(claim: impl Future<Output = ()>) {
    twinbase::testing::run(Engine::Postgres, |_| claim);
}

/// The same tables on both engines.
pub(crate) struct Twin {
    /// In memory, with a collation like the driver's.
    pub(crate) sqlite: rusqlite::Connection,
    postgres: PgConnection,
}

impl Twin {
    pub(crate) async fn new() -> Self {
        let sqlite = rusqlite::Connection::open_in_memory().unwrap();
        sqlite
            .create_collation(DECIMAL_COLLATION, compare_decimals)
            .unwrap();
        let url = twinbase::testing::server_url("postgres");
        let mut postgres = PgConnection::connect(&url).await.unwrap();
        // Temporary tables come first in the search path and go with the connection.
        postgres
            .execute("SET search_path = pg_temp; SET timezone = 'Asia/Kathmandu'")
            .await
            .unwrap();
        Self { sqlite, postgres }
    }

    /// Runs a portable migration on both.
    pub(crate) async fn migrate(&mut self, source: &str) {
        let sqlite = translate(source, Engine::Sqlite).unwrap();
        self.sqlite.execute_batch(&sqlite).unwrap();
        let postgres = translate(source, Engine::Postgres).unwrap();
        self.postgres
            .execute(sqlx::raw_sql(AssertSqlSafe(postgres)))
            .await
            .unwrap();
    }

    /// Runs one statement on both, whose columns are text, and gives what both made of it.
    pub(crate) async fn run(&mut self, sql: &str) -> Outcome {
        let sqlite = self.run_sqlite(sql);
        let postgres = self.run_postgres(sql).await;
        assert_eq!(sqlite, postgres, "SQLite, then PostgreSQL: {sql}");
        sqlite
    }

    /// As [`Twin::run`], for a query that gives rows of one column.
    pub(crate) async fn column(&mut self, sql: &str) -> Vec<String> {
        match self.run(sql).await {
            Outcome::Rows(rows) => rows.into_iter().flatten().collect(),
            refused => panic!("{sql}: {refused:?}"),
        }
    }

    pub(crate) fn run_sqlite(&mut self, sql: &str) -> Outcome {
        let run = || {
            let mut statement = self.sqlite.prepare(sql)?;
            let width = statement.column_count();
            let rows = statement.query_map([], |row| {
                (0..width)
                    .map(|at| row.get::<_, Option<String>>(at))
                    .map(|value| Ok(value?.unwrap_or_else(|| "null".into())))
                    .collect()
            })?;
            rows.collect()
        };
        match run() {
            Ok(rows) => Outcome::Rows(rows),
            Err(rusqlite::Error::SqliteFailure(error, Some(message))) => {
                match error.extended_code {
                    rusqlite::ffi::SQLITE_CONSTRAINT_NOTNULL => Outcome::NotNull,
                    rusqlite::ffi::SQLITE_CONSTRAINT_CHECK => {
                        rule(message.rsplit(": ").next().unwrap())
                    }
                    _ => panic!("{sql}: {message}"),
                }
            }
            Err(error) => panic!("{sql}: {error}"),
        }
    }

    pub(crate) async fn run_postgres(&mut self, sql: &str) -> Outcome {
        let run = self
            .postgres
            .fetch_all(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())));
        match run.await {
            Ok(rows) => Outcome::Rows(
                rows.iter()
                    .map(|row| {
                        (0..row.len())
                            .map(|at| row.try_get_unchecked::<Option<String>, _>(at).unwrap())
                            .map(|value| value.unwrap_or_else(|| "null".into()))
                            .collect()
                    })
                    .collect(),
            ),
            Err(sqlx::Error::Database(error)) => match error.code().unwrap().as_ref() {
                "23502" => Outcome::NotNull,
                "23514" => rule(error.constraint().unwrap()),
                code if code.starts_with("22") => Outcome::Data,
                _ => panic!("{sql}: {error}"),
            },
            Err(error) => panic!("{sql}: {error}"),
        }
    }
}

/// What a broken CHECK of this name means.
fn rule(constraint: &str) -> Outcome {
    if constraint.starts_with(TYPE_CHECK_PREFIX) {
        Outcome::Data
    } else {
        Outcome::Rule(constraint.into())
    }
}

pub(crate) fn compare_decimals(left: &str, right: &str) -> Ordering {
    let number = |text: &str| text.parse::<Decimal>().unwrap();
    number(left).cmp(&number(right))
}
