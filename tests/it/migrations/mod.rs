/// Columns that are added to tables with rows.
mod added;
/// Databases that have the schema and no history: compared, then marked.
mod adoption;
/// What runs outside of a transaction, and what it leaves when it fails.
mod alone;
/// What needs no database, or has to wait for one: `new`, `--wait`.
mod beside;
/// The program's commands, a state and an exit code each.
mod commands;
/// A folder embedded by the macro: new files seen, broken rules named.
mod embedding;
/// Failures: the file, the line, the statement, and what became of it.
mod failures;
/// The lint: its rules, its cases, and the proof of both.
mod lint;
/// Locks between processes, their holders, and waiting for tables.
mod locks;
/// Both engines side by side after every version.
mod parity;
/// Behind PgBouncer in transaction mode.
mod pooler;
/// Real processes, killed at any point; many at once are in `tests/starters.rs`.
mod processes;
/// Tables of SQLite that are made anew, with rows that refer to them; backups.
mod rebuilds;
/// Histories that the program can't go on from, and the way out of each.
mod refusals;
/// sqlx's own migrator, on the rendered folder and the same database.
mod stock;

use sqlx::Row as _;
use twinbase::config::{Engine, MigrateConfig};
use twinbase::database::{Database, DatabaseError, Migrator};
use twinbase::migration::{MigrationError, Migrations, Report, Standing};
use twinbase::telemetry::chain;
use twinbase::testing::TestDatabase;

const BASELINE: (&str, &str) = ("20260101000000_baseline.sql", "-- the start\n");
const SIGNALS: (&str, &str) = (
    "20260210120000_add_signals.sql",
    "CREATE TABLE signals (id BIGINT NOT NULL PRIMARY KEY);\n",
);

const LATER: (&str, &str) = (
    "20260301090000_later.sql",
    "CREATE TABLE later (id BIGINT);\n",
);

fn migrations(files: &[(&'static str, &'static str)]) -> Migrations {
    Migrations::from_files(files.iter().copied()).unwrap()
}

/// A migrator with the default settings.
fn migrator(database: &Database, files: &[(&'static str, &'static str)]) -> Migrator {
    with_settings(database, files, &MigrateConfig::default())
}

fn with_settings(
    database: &Database,
    files: &[(&'static str, &'static str)],
    settings: &MigrateConfig,
) -> Migrator {
    database.migrator(&migrations(files), settings).unwrap()
}

/// The word for each version, oldest first.
async fn standings(migrator: &Migrator) -> Vec<&'static str> {
    let lines = migrator.status().await.unwrap();
    lines.iter().map(|line| line.standing.as_str()).collect()
}

/// Starts this many programs at once, each with a [`Database`] of its own, and gives what each applied.
async fn start_at_once(count: usize, database: &TestDatabase, set: &Migrations) -> Vec<Report> {
    let starters: Vec<_> = (0..count)
        .map(|_| {
            let (database, set) = (database.open(), set.clone());
            tokio::spawn(async move {
                let report = database.migrate(&set).await;
                database.close().await;
                report
            })
        })
        .collect();
    let mut reports = Vec::with_capacity(count);
    for starter in starters {
        let report = starter.await.unwrap();
        reports.push(report.unwrap_or_else(|error| panic!("{}", chain(&error))));
    }
    reports
}

fn migration_error(error: DatabaseError) -> MigrationError {
    match error {
        DatabaseError::Migration(error) => error,
        other => panic!("{other:?}"),
    }
}

twinbase::on_both_engines! {
    async fn the_first_run_applies_all_and_the_second_nothing(database: TestDatabase) {
        let database = database.open();
        let set = migrations(&[BASELINE, SIGNALS]);
        let report = database.migrate(&set).await.unwrap();
        assert_eq!(report.applied.iter().map(|a| a.0).collect::<Vec<_>>(), [20_260_101_000_000, 20_260_210_120_000]);
        assert_eq!(report.current, Some((20_260_210_120_000, "add signals".to_owned())));
        sqlx::query("INSERT INTO signals (id) VALUES (1)").execute(database.pool()).await.unwrap();
        let report = database.migrate(&set).await.unwrap();
        assert!(report.applied.is_empty());
        assert_eq!(report.current, Some((20_260_210_120_000, "add signals".to_owned())));
        database.close().await;
    }

    async fn the_history_is_what_sqlx_would_have_written(database: TestDatabase) {
        let engine = database.engine();
        let database = database.open();
        let set = migrations(&[BASELINE, SIGNALS]);
        database.migrate(&set).await.unwrap();
        let rows = sqlx::query(
            "SELECT version, description, CAST(success AS INTEGER) AS success, checksum, execution_time, \
             CAST(installed_on AS TEXT) AS installed_on FROM _sqlx_migrations ORDER BY version",
        )
        .fetch_all(database.pool())
        .await
        .unwrap();
        for (row, step) in rows.iter().zip(set.plan(engine).unwrap()) {
            assert_eq!(row.get::<i64, _>("version"), step.version);
            assert_eq!(row.get::<String, _>("description"), step.description);
            assert_eq!(row.get::<i64, _>("success"), 1);
            assert_eq!(row.get::<Vec<u8>, _>("checksum"), step.checksum);
            assert!(row.get::<i64, _>("execution_time") >= 0);
            assert!(row.get::<String, _>("installed_on").starts_with("20"));
        }
        assert_eq!(rows.len(), 2);
        database.close().await;
    }

    async fn twelve_starters_at_once_apply_each_version_once(database: TestDatabase) {
        let set = migrations(&[BASELINE, SIGNALS]);
        let reports = start_at_once(12, &database, &set).await;
        for report in &reports {
            assert_eq!(report.current.as_ref().map(|c| c.0), Some(20_260_210_120_000));
        }
        let applied: usize = reports.iter().map(|report| report.applied.len()).sum();
        assert_eq!(applied, 2);
    }

    async fn a_failing_migration_leaves_nothing_and_names_its_file(database: TestDatabase) {
        let database = database.open();
        let set = migrations(&[
            BASELINE,
            ("20260210120000_bad.sql", "CREATE TABLE half (id BIGINT);\nINSERT INTO nowhere VALUES (1);\n"),
        ]);
        let error = database.migrate(&set).await.unwrap_err();
        let line = chain(&error);
        assert!(line.starts_with("migration 20260210120000_bad.sql failed and was rolled back"), "{line}");
        assert!(line.contains("nowhere") && !line.contains('\n'), "{line}");
        assert!(matches!(migration_error(error), MigrationError::Failed(failure, _) if failure.version == 20_260_210_120_000));
        let lines = database.migration_status(&set).await.unwrap();
        assert_eq!(lines.iter().map(|l| l.standing).collect::<Vec<_>>(), [Standing::Applied, Standing::Pending]);
        assert!(sqlx::query("SELECT * FROM half").fetch_all(database.pool()).await.is_err());
        // Mended, it goes on from there.
        let report = database.migrate(&migrations(&[BASELINE, SIGNALS])).await.unwrap();
        assert_eq!(report.applied.len(), 1);
        database.close().await;
    }

    async fn asking_for_the_status_changes_nothing(test: TestDatabase) {
        let database = test.open();
        let set = migrations(&[BASELINE]);
        let status = database.migration_status(&set).await;
        match test.engine() {
            // The file is not there yet, and looking does not make one.
            Engine::Sqlite => {
                let line = chain(&status.unwrap_err());
                assert!(line.contains("the file does not exist"), "{line}");
                assert!(!test.url().sqlite_file().unwrap().exists());
            }
            Engine::Postgres => {
                assert_eq!(status.unwrap()[0].standing, Standing::Pending);
                let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
                let row = sqlx::query(tables).fetch_one(database.pool()).await.unwrap();
                assert_eq!(row.get::<i64, _>(0), 0);
            }
        }
        database.close().await;
    }
}
