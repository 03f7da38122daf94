use std::time::{Duration, Instant};

use sqlx::Row as _;
use twinbase::config::{DatabaseConfig, Engine};
use twinbase::database::Database;
use twinbase::testing::run_alone;

async fn number(database: &Database, sql: &'static str) -> i64 {
    sqlx::query(sql)
        .fetch_one(database.pool())
        .await
        .unwrap()
        .get(0)
}

twinbase::on_both_engines! {
    async fn overflow_connections_are_closed_when_they_come_back(database: TestDatabase) {
        let config = DatabaseConfig { pool_size: 2, max_overflow: 3, ..database.config() };
        let database = Database::new(&config).unwrap();
        let mut held = Vec::new();
        for _ in 0..5 {
            held.push(database.pool().acquire().await.unwrap());
        }
        assert_eq!(database.pool().size(), 5);
        held.clear();
        let settled = async {
            while database.pool().size() > 2 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), settled).await.expect("down to pool_size");
        assert_eq!(database.pool().size(), 2);
        database.close().await;
    }

    async fn taking_connections_without_waiting_leaves_the_pool_whole(database: TestDatabase) {
        let config = DatabaseConfig { pool_size: 2, max_overflow: 0, ..database.config() };
        let database = Database::new(&config).unwrap();
        for _ in 0..5 {
            drop(database.pool().acquire().await.unwrap());
            tokio::time::sleep(Duration::from_millis(20)).await;
            let taken = database.pool().try_acquire();
            assert!(taken.is_some(), "the connection was kept");
            drop(taken);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(database.pool().size(), 1);
        database.close().await;
    }

    async fn a_full_pool_times_out_after_acquire_timeout(database: TestDatabase) {
        let config = DatabaseConfig {
            pool_size: 1,
            max_overflow: 0,
            acquire_timeout: Duration::from_millis(200),
            ..database.config()
        };
        let database = Database::new(&config).unwrap();
        let held = database.pool().acquire().await.unwrap();
        let started = Instant::now();
        let error = database.pool().acquire().await.unwrap_err();
        assert!(matches!(error, sqlx::Error::PoolTimedOut), "{error:?}");
        assert!(started.elapsed() >= Duration::from_millis(200));
        drop(held);
        database.pool().acquire().await.unwrap();
        database.close().await;
    }

    async fn a_connection_older_than_recycle_is_replaced(database: TestDatabase) {
        let config = DatabaseConfig {
            pool_size: 1,
            max_overflow: 0,
            recycle: Duration::from_millis(100),
            ..database.config()
        };
        let database = Database::new(&config).unwrap();
        // A temporary table lives as long as its connection.
        sqlx::query("CREATE TEMPORARY TABLE mark (id BIGINT)").execute(database.pool()).await.unwrap();
        assert_eq!(number(&database, "SELECT count(*) FROM mark").await, 0);
        tokio::time::sleep(Duration::from_millis(150)).await;
        let error = sqlx::query("SELECT count(*) FROM mark").fetch_one(database.pool()).await;
        assert!(error.is_err(), "the connection with the temporary table is gone");
        database.close().await;
    }

    async fn the_pool_that_a_configuration_builds_works_by_itself(database: TestDatabase) {
        let pool = database.config().pool().unwrap();
        let row = sqlx::query("SELECT 41 + 1").fetch_one(&pool).await.unwrap();
        // PostgreSQL types the literal as a 32-bit integer.
        assert_eq!(row.try_get::<i64, _>(0).or_else(|_| row.try_get::<i32, _>(0).map(i64::from)).unwrap(), 42);
        pool.close().await;
    }

    async fn every_connection_has_its_settings(test: TestDatabase) {
        let config = DatabaseConfig { statement_timeout: Duration::from_secs(7), ..test.config() };
        let database = Database::new(&config).unwrap();
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(database.pool().acquire().await.unwrap());
        }
        for conn in &mut held {
            let settings: &[(&str, &str)] = match test.engine() {
                Engine::Sqlite => &[
                    ("SELECT journal_mode FROM pragma_journal_mode", "wal"),
                    ("SELECT CAST(foreign_keys AS TEXT) FROM pragma_foreign_keys", "1"),
                    ("SELECT CAST(synchronous AS TEXT) FROM pragma_synchronous", "2"),
                ],
                Engine::Postgres => &[
                    ("SELECT current_setting('statement_timeout')", "7s"),
                    ("SELECT current_setting('application_name')", "twinbase"),
                ],
            };
            for (sql, wanted) in settings {
                let row = sqlx::query(*sql).fetch_one(&mut **conn).await.unwrap();
                assert_eq!(row.get::<String, _>(0), *wanted, "{sql}");
            }
        }
        drop(held);
        database.close().await;
    }

    async fn foreign_keys_hold(database: TestDatabase) {
        let database = database.open();
        for sql in [
            "CREATE TABLE parent (id BIGINT PRIMARY KEY)",
            "CREATE TABLE child (id BIGINT PRIMARY KEY, parent_id BIGINT NOT NULL REFERENCES parent (id))",
        ] {
            sqlx::query(sql).execute(database.pool()).await.unwrap();
        }
        let error = sqlx::query("INSERT INTO child VALUES (1, 1)").execute(database.pool()).await.unwrap_err();
        assert!(error.as_database_error().unwrap().is_foreign_key_violation(), "{error:?}");
        database.close().await;
    }
}

/// On PostgreSQL writers wait for rows, not for the database: a file has no counterpart there.
#[test]
fn a_sqlite_writer_waits_for_another_for_the_busy_timeout() {
    twinbase::testing::run(Engine::Sqlite, |test| async move {
        let config = DatabaseConfig {
            sqlite_busy_timeout: Duration::from_millis(300),
            ..test.config()
        };
        let database = Database::new(&config).unwrap();
        sqlx::query("CREATE TABLE waited (id BIGINT)")
            .execute(database.pool())
            .await
            .unwrap();
        let mut first = database.pool().begin().await.unwrap();
        sqlx::query("INSERT INTO waited VALUES (1)")
            .execute(&mut *first)
            .await
            .unwrap();
        let started = Instant::now();
        let busy = sqlx::query("INSERT INTO waited VALUES (2)")
            .execute(database.pool())
            .await;
        assert_eq!(
            busy.unwrap_err()
                .as_database_error()
                .unwrap()
                .code()
                .unwrap(),
            "5"
        );
        assert!(started.elapsed() >= Duration::from_millis(300));
        let (waiting, done) = tokio::join!(
            sqlx::query("INSERT INTO waited VALUES (3)").execute(database.pool()),
            async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                first.commit().await
            }
        );
        done.unwrap();
        waiting.unwrap();
        database.close().await;
    });
}

#[test]
fn the_whole_pool_sees_one_database_in_memory() {
    run_alone(async {
        let config = DatabaseConfig {
            url: Some("sqlite::memory:".parse().unwrap()),
            ..DatabaseConfig::default()
        };
        let database = Database::new(&config).unwrap();
        sqlx::query("CREATE TABLE seen (id BIGINT)")
            .execute(database.pool())
            .await
            .unwrap();
        let mut writer = database.pool().begin().await.unwrap();
        sqlx::query("INSERT INTO seen VALUES (1)")
            .execute(&mut *writer)
            .await
            .unwrap();
        // A reader neither waits for the writer nor sees what is not committed.
        assert_eq!(number(&database, "SELECT count(*) FROM seen").await, 0);
        writer.commit().await.unwrap();
        let mut held = Vec::new();
        for _ in 0..5 {
            let mut conn = database.pool().acquire().await.unwrap();
            let row = sqlx::query("SELECT count(*) FROM seen")
                .fetch_one(&mut *conn)
                .await
                .unwrap();
            assert_eq!(row.get::<i64, _>(0), 1);
            held.push(conn);
        }
        drop(held);
        // Another pool's memory is another database.
        let other = Database::new(&config).unwrap();
        assert!(
            sqlx::query("SELECT * FROM seen")
                .fetch_all(other.pool())
                .await
                .is_err()
        );
        other.close().await;
        database.close().await;
    });
}
