//! On SQLite alone: PostgreSQL has no log that a reader keeps from beginning anew.

use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use sqlx::Row as _;
use twinbase::config::Engine;
use twinbase::database::{Database, ErrorKind};
use twinbase::testing::{TestDatabase, run};

use super::{INSERT, configured, create, slow, until};

fn limited(test: &TestDatabase) -> Database {
    configured(test, |config| {
        config.sqlite_snapshot_limit = Duration::from_millis(200);
        config.sqlite_busy_timeout = Duration::from_millis(100);
    })
}

/// Whether a reader keeps the log from beginning anew.
async fn log_is_held(database: &Database) -> bool {
    let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
    let row = sqlx::query(sql).fetch_one(database.writer()).await.unwrap();
    row.get::<i64, _>(0) != 0
}

async fn fill(database: &Database, rows: i64) {
    create(database, "t").await;
    for id in 0..rows {
        sqlx::query(INSERT)
            .bind(id)
            .bind(id)
            .execute(database.writer())
            .await
            .unwrap();
    }
}

#[test]
fn a_snapshot_that_is_held_for_too_long_is_given_up_and_its_holder_told() {
    run(Engine::Sqlite, |test| async move {
        let database = limited(&test);
        fill(&database, 3).await;
        let mut session = database.reader().session();
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM t")
            .fetch_one(&mut session)
            .await
            .unwrap();
        assert_eq!(count, 3);
        sqlx::query(INSERT)
            .bind(9_i64)
            .bind(9_i64)
            .execute(database.writer())
            .await
            .unwrap();
        assert!(log_is_held(&database).await);
        let start = Instant::now();
        until("the log is free", async || !log_is_held(&database).await).await;
        assert!(start.elapsed() < Duration::from_secs(5));
        let error = sqlx::query("SELECT count(*) FROM t")
            .fetch_one(&mut session)
            .await
            .map(drop)
            .unwrap_err();
        assert_eq!(ErrorKind::of(&error), ErrorKind::Timeout, "{error}");
        assert!(
            error.to_string().contains("database.sqlite_snapshot_limit"),
            "{error}"
        );
        assert!(session.commit().await.is_err());
        // The next session on the same connection is whole.
        let mut session = database.reader().session();
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM t")
            .fetch_one(&mut session)
            .await
            .unwrap();
        assert_eq!(count, 4);
        session.commit().await.unwrap();
        database.close().await;
    });
}

#[test]
fn a_caller_that_is_slow_to_take_its_rows_can_not_hold_the_snapshot_for_ever() {
    run(Engine::Sqlite, |test| async move {
        let database = limited(&test);
        fill(&database, 10).await;
        let many = "SELECT a.id, printf('%1000d', b.id) AS wide FROM t a, t b, t c, t d";
        let mut rows = sqlx::query(many).fetch(database.reader());
        rows.try_next().await.unwrap();
        sqlx::query(INSERT)
            .bind(99_i64)
            .bind(9_i64)
            .execute(database.writer())
            .await
            .unwrap();
        assert!(log_is_held(&database).await);
        until("the log is free", async || !log_is_held(&database).await).await;
        let error = loop {
            match rows.try_next().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("all rows came"),
                Err(error) => break error,
            }
        };
        assert_eq!(ErrorKind::of(&error), ErrorKind::Timeout, "{error}");
        drop(rows);
        database.close().await;
    });
}

#[test]
fn a_statement_that_reads_for_too_long_is_stopped() {
    run(Engine::Sqlite, |test| async move {
        let database = limited(&test);
        let start = Instant::now();
        let error = sqlx::query(slow(Engine::Sqlite))
            .fetch_one(database.reader())
            .await
            .map(drop)
            .unwrap_err();
        assert_eq!(ErrorKind::of(&error), ErrorKind::Timeout, "{error}");
        assert!(start.elapsed() < Duration::from_secs(5));
        // Its own limit is shorter, and is the one that is told.
        let lane = database
            .reader()
            .statement_timeout(Duration::from_millis(20));
        let mut session = lane.session();
        let error = sqlx::query(slow(Engine::Sqlite))
            .fetch_one(&mut session)
            .await
            .map(drop)
            .unwrap_err();
        assert!(!error.to_string().contains("snapshot"), "{error}");
        drop(session);
        // The writer has no limit.
        let mut session = database.writer().session();
        sqlx::query("SELECT 1")
            .fetch_one(&mut session)
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        sqlx::query("SELECT 1")
            .fetch_one(&mut session)
            .await
            .unwrap();
        session.commit().await.unwrap();
        database.close().await;
    });
}

#[test]
fn the_log_stays_bounded_under_readers_that_never_pause() {
    run(Engine::Sqlite, |test| async move {
        let database = configured(&test, |config| {
            config.sqlite_wal_warning = 1 << 20;
            config.sqlite_journal_size_limit = 0;
        });
        fill(&database, 1).await;
        let file = test.url().sqlite_file().unwrap().with_extension("db-wal");
        let size = || std::fs::metadata(&file).map_or(0, |metadata| metadata.len());
        let readers: Vec<_> = (0..3_u64)
            .map(|reader| {
                let database = database.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(30 * reader)).await;
                    loop {
                        let mut session = database.reader().session();
                        sqlx::query("SELECT count(*) FROM t")
                            .fetch_one(&mut session)
                            .await
                            .unwrap();
                        tokio::time::sleep(Duration::from_millis(90)).await;
                        session.commit().await.unwrap();
                    }
                })
            })
            .collect();
        sqlx::query("CREATE TABLE wide (id BIGINT PRIMARY KEY, bytes BYTEA)")
            .execute(database.writer())
            .await
            .unwrap();
        let mut id = 0_i64;
        while size() < 4 << 20 {
            id += 1;
            let insert = sqlx::query("INSERT INTO wide VALUES ($1, $2)")
                .bind(id)
                .bind(vec![7_u8; 100_000]);
            insert.execute(database.writer()).await.unwrap();
            assert!(id < 1000, "the log does not grow");
        }
        until("the log is cut", async || size() < 1 << 20).await;
        for reader in readers {
            reader.abort();
        }
        database.close().await;
    });
}
