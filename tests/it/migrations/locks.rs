use std::time::{Duration, Instant};

use sqlx::{Connection as _, Executor as _};
use twinbase::config::{Engine, MigrateConfig, MigrationLock};
use twinbase::migration::{MigrationError, UpOptions};

use super::{BASELINE, LATER, SIGNALS, migration_error, migrator, with_settings};

const ALTER: (&str, &str) = (
    "20260301090000_extra.sql",
    "ALTER TABLE signals ADD COLUMN extra BIGINT;\n",
);

twinbase::on_both_engines! {
    async fn a_migration_that_waits_for_a_table_never_stops_the_readers_behind_it(database: TestDatabase) {
        let engine = database.engine();
        let test = database;
        let database = test.open();
        migrator(&database, &[SIGNALS]).up(&UpOptions::default()).await.unwrap();
        // A long transaction that has read the table.
        let mut long = database.connect().await.unwrap();
        let mut reading = long.begin().await.unwrap();
        if engine == Engine::Postgres {
            sqlx::query("SELECT * FROM signals").fetch_all(&mut *reading).await.unwrap();
        } else {
            sqlx::query("INSERT INTO signals VALUES (1)").execute(&mut *reading).await.unwrap();
        }
        let settings = MigrateConfig {
            table_lock_timeout: Duration::from_millis(200),
            table_lock_attempts: 100,
            ..MigrateConfig::default()
        };
        let set = with_settings(&database, &[SIGNALS, ALTER], &settings);
        let migrating = tokio::spawn(async move { set.up(&UpOptions::default()).await });
        let slowest = async {
            let mut slowest = Duration::ZERO;
            for _ in 0..30 {
                let started = Instant::now();
                sqlx::query("SELECT id FROM signals").fetch_all(database.pool()).await.unwrap();
                slowest = slowest.max(started.elapsed());
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            slowest
        };
        let slowest = slowest.await;
        assert!(slowest < Duration::from_secs(1), "a reader waited {slowest:?} behind the migration");
        assert!(!migrating.is_finished(), "the long transaction holds it up");
        reading.rollback().await.unwrap();
        assert_eq!(migrating.await.unwrap().unwrap().applied.len(), 1);
        database.close().await;
    }

    async fn between_two_attempts_a_migration_holds_no_table(database: TestDatabase) {
        let engine = database.engine();
        let database = database.open();
        migrator(&database, &[SIGNALS, LATER]).up(&UpOptions::default()).await.unwrap();
        let mut long = database.connect().await.unwrap();
        let mut holding = long.begin().await.unwrap();
        let hold = match engine {
            Engine::Postgres => "SELECT * FROM later",
            Engine::Sqlite => "INSERT INTO later VALUES (1)",
        };
        holding.execute(hold).await.unwrap();
        let settings = MigrateConfig {
            table_lock_timeout: Duration::from_millis(100),
            table_lock_attempts: 100,
            ..MigrateConfig::default()
        };
        // It gets the first table, and never the second.
        let both = ("20260401090000_both.sql",
            "ALTER TABLE signals ADD COLUMN extra BIGINT;\nALTER TABLE later ADD COLUMN extra BIGINT;\n");
        let set = with_settings(&database, &[SIGNALS, LATER, both], &settings);
        let migrating = tokio::spawn(async move { set.up(&UpOptions::default()).await });
        let started = Instant::now();
        let mut slowest = Duration::ZERO;
        while started.elapsed() < Duration::from_secs(3) {
            let reading = Instant::now();
            sqlx::query("SELECT id FROM signals").fetch_all(database.pool()).await.unwrap();
            slowest = slowest.max(reading.elapsed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(slowest < Duration::from_millis(600), "a reader waited {slowest:?} for the first table");
        assert!(!migrating.is_finished(), "the second table is held");
        holding.rollback().await.unwrap();
        assert_eq!(migrating.await.unwrap().unwrap().applied.len(), 1);
        database.close().await;
    }

    async fn a_table_that_is_not_had_in_all_attempts_is_a_failure_that_left_nothing(database: TestDatabase) {
        if database.engine() == Engine::Sqlite {
            // There a writer waits for the file's one write lock, for a minute.
            let database = database.open();
            assert_eq!(migrator(&database, &[SIGNALS]).up(&UpOptions::default()).await.unwrap().applied.len(), 1);
            database.close().await;
            return;
        }
        let database = database.open();
        migrator(&database, &[SIGNALS]).up(&UpOptions::default()).await.unwrap();
        let mut long = database.connect().await.unwrap();
        let mut reading = long.begin().await.unwrap();
        reading.execute("SELECT * FROM signals").await.unwrap();
        let settings = MigrateConfig {
            table_lock_timeout: Duration::from_millis(50),
            table_lock_attempts: 2,
            ..MigrateConfig::default()
        };
        let set = with_settings(&database, &[SIGNALS, ALTER], &settings);
        let error = migration_error(set.up(&UpOptions::default()).await.unwrap_err());
        assert!(matches!(&error, MigrationError::Failed(failure, _) if failure.line == 1), "{error:?}");
        assert_eq!(super::standings(&set).await, ["applied", "pending"]);
        reading.rollback().await.unwrap();
        database.close().await;
    }

    async fn a_lease_keeps_migrators_apart_where_there_is_no_advisory_lock(database: TestDatabase) {
        let engine = database.engine();
        let database = database.open();
        let lease = |timeout| MigrateConfig {
            lock: MigrationLock::Lease,
            lock_timeout: timeout,
            ..MigrateConfig::default()
        };
        let files = [BASELINE, SIGNALS,
            ("postgres/20260220090000_index.sql", "-- no-transaction\nCREATE INDEX CONCURRENTLY signals_i ON signals (id);\n"),
            ("sqlite/20260220090000_index.sql", "CREATE INDEX signals_i ON signals (id);\n")];
        let starters: Vec<_> = (0..8)
            .map(|_| {
                let set = with_settings(&database, &files, &lease(Duration::from_mins(1)));
                tokio::spawn(async move { set.up(&UpOptions::default()).await })
            })
            .collect();
        let mut applied = 0;
        for starter in starters {
            applied += starter.await.unwrap().unwrap().applied.len();
        }
        assert_eq!(applied, 3);
        if engine == Engine::Postgres {
            let held = "INSERT INTO _twinbase_migration_lease VALUES (1, 'other', 'orders', 42, now(), now() + INTERVAL '3 seconds')";
            sqlx::query(held).execute(database.pool()).await.unwrap();
            let all = [files[0], files[1], files[2], files[3], LATER];
            let set = with_settings(&database, &all, &lease(Duration::from_secs(1)));
            let error = migration_error(set.up(&UpOptions::default()).await.unwrap_err());
            assert!(error.to_string().contains("process 42 (orders) since"), "{error}");
            // It runs out, as that of a killed process does.
            let set = with_settings(&database, &all, &lease(Duration::from_secs(10)));
            assert_eq!(set.up(&UpOptions::default()).await.unwrap().applied.len(), 1);
            let left: i64 = sqlx::query_scalar("SELECT count(*) FROM _twinbase_migration_lease")
                .fetch_one(database.pool()).await.unwrap();
            assert_eq!(left, 0);
        }
        database.close().await;
    }
}

#[test]
fn a_lease_is_renewed_for_as_long_as_a_statement_outside_of_a_transaction_runs() {
    twinbase::testing::run(Engine::Postgres, |test| async move {
        let database = test.open();
        let lease = MigrateConfig {
            lock: MigrationLock::Lease,
            lock_timeout: Duration::from_secs(1),
            ..MigrateConfig::default()
        };
        let index = [
            SIGNALS,
            (
                "postgres/20260220090000_index.sql",
                "-- no-transaction\nCREATE INDEX CONCURRENTLY signals_i ON signals (id);\n",
            ),
            (
                "sqlite/20260220090000_index.sql",
                "CREATE INDEX signals_i ON signals (id);\n",
            ),
        ];
        with_settings(&database, &[SIGNALS], &lease)
            .up(&UpOptions::default())
            .await
            .unwrap();
        // The index waits for a transaction that has written the table.
        let mut other = database.connect().await.unwrap();
        let mut writing = other.begin().await.unwrap();
        writing
            .execute("INSERT INTO signals VALUES (1)")
            .await
            .unwrap();
        let set = with_settings(&database, &index, &lease);
        let first = tokio::spawn({
            let set = set.clone();
            async move { set.up(&UpOptions::default()).await }
        });
        // Longer than a lease lasts that nobody renews.
        tokio::time::sleep(Duration::from_secs(18)).await;
        let error = migration_error(set.up(&UpOptions::default()).await.unwrap_err());
        assert!(matches!(error, MigrationError::Locked { .. }), "{error:?}");
        assert!(!first.is_finished());
        writing.rollback().await.unwrap();
        assert_eq!(first.await.unwrap().unwrap().applied.len(), 1);
        database.close().await;
    });
}
