use sqlx::Row as _;
use twinbase::config::Engine;
use twinbase::database::Database;
use twinbase::migration::{MigrationError, Migrations, Repair, Undone, UpOptions};
use twinbase::telemetry::chain;

use super::{BASELINE, SIGNALS, migration_error, migrations, migrator, standings, start_at_once};

const ALONE: [(&str, &str); 2] = [
    (
        "postgres/20260301090000_alone.sql",
        "-- no-transaction\nCREATE INDEX CONCURRENTLY signals_id ON signals (id);\n",
    ),
    (
        "sqlite/20260301090000_alone.sql",
        "-- no-transaction\nVACUUM;\n",
    ),
];

const FAILING: [(&str, &str); 2] = [
    (
        "postgres/20260301090000_alone.sql",
        "-- no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY signals_kind ON signals (kind);\n",
    ),
    (
        "sqlite/20260301090000_alone.sql",
        "-- no-transaction\nVACUUM nowhere;\n",
    ),
];

const KINDS: (&str, &str) = (
    "20260210120000_add_signals.sql",
    "CREATE TABLE signals (id BIGINT NOT NULL PRIMARY KEY, kind BIGINT);
     INSERT INTO signals VALUES (1, 5); INSERT INTO signals VALUES (2, 5);\n",
);

/// The indexes of a table, and whether all of them are valid.
async fn indexes(database: &Database) -> Vec<(String, bool)> {
    let sql = "SELECT CAST(c.relname AS TEXT), i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
               WHERE i.indrelid = to_regclass('signals') AND NOT i.indisprimary";
    let rows = sqlx::query(sql).fetch_all(database.pool()).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

twinbase::on_both_engines! {
    async fn a_statement_runs_without_a_transaction_and_is_applied_once(database: TestDatabase) {
        let engine = database.engine();
        let database = database.open();
        let set = migrator(&database, &[BASELINE, SIGNALS, ALONE[0], ALONE[1]]);
        assert_eq!(set.up(&UpOptions::default()).await.unwrap().applied.len(), 3);
        assert_eq!(standings(&set).await, ["applied"; 3]);
        assert!(set.up(&UpOptions::default()).await.unwrap().applied.is_empty());
        if engine == Engine::Postgres {
            assert_eq!(indexes(&database).await, [("signals_id".to_owned(), true)]);
        }
        let row = sqlx::query("SELECT statement FROM _twinbase_migrations WHERE version = 20260301090000");
        let row = row.fetch_one(database.pool()).await.unwrap();
        assert_eq!(row.get::<Option<String>, _>(0), None);
        database.close().await;
    }

    async fn one_that_fails_says_what_it_left_and_the_way_out(database: TestDatabase) {
        let engine = database.engine();
        let database = database.open();
        let set = migrator(&database, &[BASELINE, KINDS, FAILING[0], FAILING[1]]);
        let error = migration_error(set.up(&UpOptions::default()).await.unwrap_err());
        let line = chain(&error);
        let MigrationError::Failed(failure, _) = error else { panic!("{line}") };
        assert_eq!(failure.line, 2);
        match engine {
            // The index is gone again, so nothing is left.
            Engine::Postgres => {
                assert_eq!(failure.undone, Undone::IndexDropped);
                assert!(line.contains("could not create unique index"), "{line}");
                assert_eq!(indexes(&database).await, []);
                assert_eq!(standings(&set).await, ["applied", "applied", "pending"]);
                sqlx::query("UPDATE signals SET kind = id").execute(database.pool()).await.unwrap();
                assert_eq!(set.up(&UpOptions::default()).await.unwrap().applied.len(), 1);
                assert_eq!(indexes(&database).await, [("signals_kind".to_owned(), true)]);
            }
            // What the statement did nobody knows but its author.
            Engine::Sqlite => {
                assert_eq!(failure.undone, Undone::Nothing);
                assert!(line.contains("repair --version 20260301090000"), "{line}");
                assert_eq!(standings(&set).await, ["applied", "applied", "dirty"]);
                let error = migration_error(set.up(&UpOptions::default()).await.unwrap_err());
                assert!(error.to_string().contains("`VACUUM nowhere`"), "{error}");
                set.repair(20_260_301_090_000, Some(Repair::Pending)).await.unwrap();
                assert_eq!(standings(&set).await, ["applied", "applied", "pending"]);
                let mended = migrator(&database, &[BASELINE, KINDS, ALONE[0], ALONE[1]]);
                assert_eq!(mended.up(&UpOptions::default()).await.unwrap().applied.len(), 1);
            }
        }
        database.close().await;
    }

    async fn eight_starters_with_such_a_statement_do_not_deadlock(database: TestDatabase) {
        let set = migrations(&[BASELINE, SIGNALS, ALONE[0], ALONE[1]]);
        let reports = start_at_once(8, &database, &set).await;
        let applied: usize = reports.iter().map(|report| report.applied.len()).sum();
        assert_eq!(applied, 3);
    }
}

#[test]
fn what_the_runner_could_not_carry_out_is_refused_with_its_line() {
    for (sql, line, part) in [
        (
            "-- no-transaction\nVACUUM;\nVACUUM;\n",
            3,
            "exactly one statement",
        ),
        (
            "SELECT 1;\nBEGIN;\nSELECT 2;\nCOMMIT;\n",
            2,
            "begins or ends a transaction",
        ),
        ("\n-- no-transaction\nVACUUM;\n", 2, "below its first line"),
        ("-- compatible:\nSELECT 1;\n", 1, "without a reason"),
    ] {
        let set = Migrations::from_files([("20260101000000_a.sql", sql)]).unwrap();
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let error = set.plan(engine).unwrap_err();
            assert!(
                matches!(&error, MigrationError::Rule { line: at, .. } if *at == line),
                "{error:?}"
            );
            let text = error.to_string();
            assert!(
                text.contains(part) && text.contains("20260101000000_a.sql"),
                "{text}"
            );
        }
    }
}
