//! What a case is, how it runs on an engine, and how its outcome reads.

use std::io::Write as _;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Row as _};
use twinbase::config::Engine;
use twinbase::database::Database;
use twinbase::migration::{Migrations, translate::translate};
use twinbase::testing::TestDatabase;

use super::THEMES;
use super::outcome::{refused, show};

/// What a piece of code makes of an engine: text to compare, or the driver's error.
pub(super) type Running = Pin<Box<dyn Future<Output = Result<String, sqlx::Error>> + Send>>;

/// A claim about both engines.
pub(super) struct Case {
    /// What is claimed, as a sentence.
    pub(super) claim: &'static str,
    /// Which of [`super::subjects::SUBJECTS`] it answers.
    pub(super) subject: &'static str,
    /// A portable migration; its tables are the case's own.
    pub(super) tables: &'static str,
    run: Run,
    pub(super) verdict: Verdict,
}

enum Run {
    /// Statements on one connection; the outcome is that of the last, or the first error.
    Sql(&'static [&'static str]),
    /// A portable migration: taken, or refused.
    Migration(&'static str),
    /// Anything else.
    Code(fn(AnyPool) -> Running),
}

/// How a case ends, in the words of [`super::outcome`].
pub(super) enum Verdict {
    /// The same on both, be it a value or a refusal.
    Same(&'static str),
    /// Not the same, which the page of differences says under `key`.
    Differs {
        /// One of [`super::differences::DIFFERENCES`].
        key: &'static str,
        sqlite: &'static str,
        postgres: &'static str,
    },
}

/// Shorthand for [`Verdict::Differs`].
pub(super) const fn differs(
    key: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
) -> Verdict {
    Verdict::Differs {
        key,
        sqlite,
        postgres,
    }
}

/// Shorthand for [`Verdict::Same`].
pub(super) const fn same(result: &'static str) -> Verdict {
    Verdict::Same(result)
}

impl Case {
    /// A case of statements alone.
    pub(super) const fn sql(
        claim: &'static str,
        subject: &'static str,
        tables: &'static str,
        statements: &'static [&'static str],
        verdict: Verdict,
    ) -> Self {
        let run = Run::Sql(statements);
        Self {
            claim,
            subject,
            tables,
            run,
            verdict,
        }
    }

    /// A case of a migration.
    pub(super) const fn migration(
        claim: &'static str,
        subject: &'static str,
        tables: &'static str,
        migration: &'static str,
        verdict: Verdict,
    ) -> Self {
        let run = Run::Migration(migration);
        Self {
            claim,
            subject,
            tables,
            run,
            verdict,
        }
    }

    /// A case of code.
    pub(super) const fn code(
        claim: &'static str,
        subject: &'static str,
        tables: &'static str,
        code: fn(AnyPool) -> Running,
        verdict: Verdict,
    ) -> Self {
        let run = Run::Code(code);
        Self {
            claim,
            subject,
            tables,
            run,
            verdict,
        }
    }

    async fn run(&self, database: &Database) -> String {
        let pool = database.pool();
        let outcome = match self.run {
            Run::Sql(statements) => {
                let mut connection = pool.acquire().await.unwrap();
                run_all(&mut connection, statements).await
            }
            Run::Migration(source) => match translate(source, database.engine()) {
                Err(_) => return "refused: not portable".to_owned(),
                Ok(text) => sqlx::raw_sql(AssertSqlSafe(text))
                    .execute(pool)
                    .await
                    .map(|_| "taken".to_owned()),
            },
            Run::Code(code) => code(pool.clone()).await,
        };
        outcome.unwrap_or_else(|error| refused(&error))
    }
}

/// Runs statements one after another and shows the last one's rows.
pub(super) async fn run_all(
    connection: &mut AnyConnection,
    statements: &[&'static str],
) -> Result<String, sqlx::Error> {
    let mut shown = String::new();
    for statement in statements {
        let rows = sqlx::query(*statement).fetch_all(&mut *connection).await?;
        shown = show_rows(&rows)?;
    }
    Ok(shown)
}

/// Rows as text: cells by kind, `, ` between them, `; ` between rows.
pub(super) fn show_rows(rows: &[AnyRow]) -> Result<String, sqlx::Error> {
    let mut shown = Vec::new();
    for row in rows {
        let cells: Result<Vec<_>, _> = (0..row.len()).map(|at| show(row, at)).collect();
        shown.push(cells?.join(", "));
    }
    Ok(shown.join("; "))
}

/// The one number of a query's one row.
pub(super) async fn scalar(pool: &AnyPool, sql: &'static str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(sql).fetch_one(pool).await
}

/// Runs every case of a theme on an engine; one failure does not hide the next.
pub(super) async fn run_theme(name: &str, test_database: TestDatabase) {
    let (_, cases) = THEMES.iter().find(|(known, _)| *known == name).unwrap();
    let engine = test_database.engine();
    let mut config = test_database.config();
    // Long enough for a write, short enough for the cases that mean to run into it.
    config.sqlite_busy_timeout = Duration::from_secs(1);
    let database = Database::new(&config).unwrap();
    let files: Vec<(String, &str)> = cases
        .iter()
        .enumerate()
        .filter(|(_, case)| !case.tables.is_empty())
        .map(|(at, case)| (format!("2026010100{at:04}_case.sql"), case.tables))
        .collect();
    let files = files.iter().map(|(name, text)| (name.as_str(), *text));
    let migrations = Migrations::from_files(files).unwrap();
    if let Err(error) = database.migrate(&migrations).await {
        panic!("{name}: {}", twinbase::telemetry::chain(&error));
    }
    let mut failures = Vec::new();
    for case in *cases {
        let expected = match case.verdict {
            Verdict::Same(result) => result,
            Verdict::Differs {
                sqlite, postgres, ..
            } => match engine {
                Engine::Sqlite => sqlite,
                Engine::Postgres => postgres,
            },
        };
        let outcome = case.run(&database).await;
        if outcome != expected {
            failures.push(format!(
                "{}\n    expected {expected}\n    got      {outcome}",
                case.claim
            ));
        }
    }
    database.close().await;
    assert!(
        failures.is_empty(),
        "{engine}: {} of {} cases of {name} failed:\n  {}",
        failures.len(),
        cases.len(),
        failures.join("\n  ")
    );
    count(engine, cases.len());
}

/// Says how many cases ran on an engine, past the capture of output, once all themes have.
fn count(engine: Engine, cases: usize) {
    static RAN: Mutex<[(usize, usize); 2]> = Mutex::new([(0, 0); 2]);
    let mut ran = RAN.lock().unwrap();
    let (themes, total) = &mut ran[usize::from(engine == Engine::Postgres)];
    *themes += 1;
    *total += cases;
    if *themes == THEMES.len() {
        let _ = writeln!(
            std::io::stderr().lock(),
            "conformance: {total} cases ran on {engine}"
        );
    }
}
