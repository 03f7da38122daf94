use std::process::Stdio;
use std::time::{Duration, Instant};

use twinbase::config::{DatabaseConfig, Engine, MigrateConfig, MigrationLock};
use twinbase::database::{Database, Migrator};
use twinbase::migration::{MigrationError, UpOptions};
use twinbase::telemetry::chain;
use twinbase::testing::{Pooler, TestDatabase};

use super::{BASELINE, LATER, SIGNALS, migration_error, migrations};
use crate::program::program;

const FILES: [(&str, &str); 4] = [
    BASELINE,
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

/// A database behind a pooler that has few sessions for many clients.
struct Place {
    test: TestDatabase,
    pooler: Pooler,
    url: String,
}

impl Place {
    fn new(test: TestDatabase, sessions: u16) -> Self {
        let pooler =
            Pooler::start(test.url().expose(), sessions).unwrap_or_else(|error| panic!("{error}"));
        let name = url_of(&test).path().trim_start_matches('/').to_owned();
        let url = pooler.url(&name);
        Self { test, pooler, url }
    }

    /// Another program's database.
    fn open(&self) -> Database {
        let config = DatabaseConfig {
            url: Some(self.url.parse().unwrap()),
            ..DatabaseConfig::default()
        };
        Database::new(&config).unwrap()
    }

    /// How each of [`FILES`] has to stand.
    async fn assert_all(&self, standing: &str) {
        let migrator = self.migrator(&FILES, MigrationLock::Lease, 1);
        let status = migrator.status().await.unwrap();
        assert!(
            (status.iter()).all(|line| line.standing.as_str() == standing),
            "{status:?}"
        );
    }

    fn migrator(
        &self,
        files: &[(&'static str, &'static str)],
        lock: MigrationLock,
        seconds: u64,
    ) -> Migrator {
        let settings = MigrateConfig {
            lock,
            lock_timeout: Duration::from_secs(seconds),
            ..MigrateConfig::default()
        };
        self.open().migrator(&migrations(files), &settings).unwrap()
    }
}

fn url_of(test: &TestDatabase) -> url::Url {
    url::Url::parse(test.url().expose()).unwrap()
}

fn behind_a_pooler<F: Future<Output = ()>>(claim: impl FnOnce(Place) -> F) {
    twinbase::testing::run(Engine::Postgres, |test| claim(Place::new(test, 3)));
}

#[test]
fn eight_starters_at_once_with_a_lease_apply_each_version_once() {
    behind_a_pooler(|place| async move {
        let starters: Vec<_> = (0..8)
            .map(|_| {
                let set = place.migrator(&FILES, MigrationLock::Lease, 60);
                tokio::spawn(async move { set.up(&UpOptions::default()).await })
            })
            .collect();
        let mut applied = Vec::new();
        for starter in starters {
            let report = starter
                .await
                .unwrap()
                .unwrap_or_else(|error| panic!("{}", chain(&error)));
            applied.extend(report.applied.into_iter().map(|version| version.0));
        }
        applied.sort_unstable();
        assert_eq!(
            applied,
            [20_260_101_000_000, 20_260_210_120_000, 20_260_220_090_000]
        );
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM _twinbase_migration_lease")
            .fetch_one(place.test.open().pool())
            .await
            .unwrap();
        assert_eq!(left, 0);
        // What it sets down it also reads, undoes and applies again.
        place.assert_all("applied").await;
        drop(place.pooler);
    });
}

const SLOW: (&str, &str) = ("20260301090000_slow.sql", "SELECT pg_sleep(120);\n");

/// Waits until a session of the database runs this.
async fn until_it_runs(database: &Database, statement: &str) {
    let started = Instant::now();
    let running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()";
    loop {
        let count: i64 = sqlx::query_scalar(running)
            .bind(format!("{statement}%"))
            .fetch_one(database.pool())
            .await
            .unwrap();
        if count > 0 {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "it never ran");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn the_holder_of_a_lease_is_named_and_a_killed_one_s_lease_ends() {
    behind_a_pooler(|place| async move {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("migrations")).unwrap();
        for (name, sql) in [BASELINE, SIGNALS, SLOW] {
            std::fs::write(folder.path().join("migrations").join(name), sql).unwrap();
        }
        let mut holder = program(folder.path())
            .args(["migrate", "--dir", "migrations", "up"])
            .env("DATABASE_URL", &place.url)
            .env("TWINBASE_MIGRATE__LOCK", "lease")
            .env("TWINBASE_DATABASE__APPLICATION_NAME", "orders")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let direct = place.test.open();
        until_it_runs(&direct, "SELECT pg_sleep").await;
        let set = place.migrator(&[BASELINE, SIGNALS, LATER], MigrationLock::Lease, 1);
        let error = migration_error(set.up(&UpOptions::default()).await.unwrap_err());
        let named = format!("process {} (orders) since", holder.id());
        assert!(error.to_string().contains(&named), "{error}");
        assert!(matches!(error, MigrationError::Locked { .. }));

        holder.kill().unwrap();
        holder.wait().unwrap();
        let set = place.migrator(&[BASELINE, SIGNALS, LATER], MigrationLock::Lease, 60);
        let killed = Instant::now();
        let report = set
            .up(&UpOptions::default())
            .await
            .unwrap_or_else(|error| panic!("{}", chain(&error)));
        assert_eq!(report.applied.len(), 1, "{report:?}");
        // It lasts 15 s from when it was renewed last.
        assert!(
            killed.elapsed() < Duration::from_secs(30),
            "{:?}",
            killed.elapsed()
        );
        direct.close().await;
    });
}

#[test]
fn an_advisory_lock_that_is_another_session_s_stops_the_migrator() {
    behind_a_pooler(|place| async move {
        // All sessions of the pooler are there from now on, and each transaction gets the next.
        let database = place.open();
        let mut begun = Vec::new();
        for _ in 0..3 {
            begun.push(database.pool().begin().await.unwrap());
        }
        for transaction in begun {
            transaction.rollback().await.unwrap();
        }
        let set = place.migrator(&FILES, MigrationLock::Advisory, 1);
        let error = migration_error(set.up(&UpOptions::default()).await.unwrap_err());
        assert!(matches!(error, MigrationError::LockElsewhere), "{error:?}");
        assert!(
            error.to_string().contains("migrate.lock = \"lease\""),
            "{error}"
        );
        place.assert_all("pending").await;
        // With a lease it goes on, as the message says.
        let report = place
            .migrator(&FILES, MigrationLock::Lease, 10)
            .up(&UpOptions::default())
            .await
            .unwrap();
        assert_eq!(report.applied.len(), 3);
        database.close().await;
    });
}

#[test]
fn an_advisory_lock_is_given_back_to_a_session_that_goes_on() {
    twinbase::testing::run(Engine::Postgres, |test| async move {
        let place = Place::new(test, 1);
        let set = place.migrator(&FILES, MigrationLock::Advisory, 1);
        assert_eq!(
            set.up(&UpOptions::default()).await.unwrap().applied.len(),
            3
        );
        let held = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
                    WHERE l.locktype = 'advisory' AND d.datname = current_database()";
        let direct = place.test.open();
        let held: i64 = sqlx::query_scalar(held)
            .fetch_one(direct.pool())
            .await
            .unwrap();
        assert_eq!(held, 0);
        direct.close().await;
    });
}
