use std::fs;
use std::time::Duration;

use sqlx::{AnyPool, AssertSqlSafe, Executor as _};
use twinbase::config::Engine;
use twinbase::driver::sqlite::SqliteErrorCause;
use twinbase::testing::run;

use super::{count, pool_of, raw, refused, sqlite_error, sqlite_options};

#[test]
fn settings_hold_on_every_connection() {
    run(Engine::Sqlite, |test| async move {
        let mut options = sqlite_options(&test);
        options.cache_size_kib = 1234;
        options.foreign_keys = false;
        let pool = pool_of(&options.to_url(), 3).await;
        let mut held = Vec::new();
        for _ in 0..3 {
            let mut connection = pool.acquire().await.unwrap();
            for (pragma, expected) in [
                ("foreign_keys", 0),
                ("synchronous", 1),
                ("cache_size", -1234),
                ("trusted_schema", 0),
            ] {
                let sql = AssertSqlSafe(format!("PRAGMA {pragma}"));
                let found = sqlx::query_scalar(sql);
                let found: i64 = found.fetch_one(&mut *connection).await.unwrap();
                assert_eq!(found, expected, "{pragma}");
            }
            let mode = sqlx::query_scalar("PRAGMA journal_mode");
            let mode: String = mode.fetch_one(&mut *connection).await.unwrap();
            assert_eq!(mode, "wal");
            held.push(connection);
        }
    });
}

#[test]
fn a_file_is_not_created_unless_asked_and_may_be_read_only() {
    run(Engine::Sqlite, |test| async move {
        twinbase::driver::install().unwrap();
        let mut options = sqlite_options(&test);
        options.create = false;
        let missing = refused(AnyPool::connect(&options.to_url()).await);
        assert_eq!(sqlite_error(&missing).cause(), SqliteErrorCause::CannotOpen);
        assert!(missing.to_string().contains("test.db"), "{missing}");
        options.create = true;
        let pool = pool_of(&options.to_url(), 1).await;
        raw(&pool, "CREATE TABLE t (a BIGINT)").await;
        options.read_only = true;
        let pool = pool_of(&options.to_url(), 1).await;
        assert_eq!(count(&pool, "t").await, 0);
        let error = refused(pool.execute("INSERT INTO t VALUES (1)").await);
        assert_eq!(sqlite_error(&error).cause(), SqliteErrorCause::ReadOnly);
        let other = options.path().with_file_name("other.db");
        let foreign = "this is no database, but it is long enough".repeat(30);
        fs::write(&other, foreign).unwrap();
        let error = refused(AnyPool::connect(&format!("sqlite:{}", other.display())).await);
        assert_eq!(sqlite_error(&error).cause(), SqliteErrorCause::NotADatabase);
    });
}

#[test]
fn a_plain_begin_takes_the_write_lock_where_asked() {
    run(Engine::Sqlite, |test| async move {
        let mut options = sqlite_options(&test);
        options.begin_immediate = true;
        options.busy_timeout = Duration::from_millis(20);
        let pool = pool_of(&options.to_url(), 2).await;
        let _held = pool.begin().await.unwrap();
        let error = refused(pool.begin().await);
        assert_eq!(sqlite_error(&error).cause(), SqliteErrorCause::Busy);
        assert!(sqlite_error(&error).is_retryable());
    });
}

#[test]
fn a_closed_pool_leaves_no_log() {
    run(Engine::Sqlite, |test| async move {
        let options = sqlite_options(&test);
        let pool = pool_of(&options.to_url(), 3).await;
        raw(&pool, "CREATE TABLE t (a BIGINT)").await;
        let log = options.path().with_extension("db-wal");
        assert!(log.exists());
        pool.close().await;
        // The last connection copies the log into the database.
        assert!(!log.exists());
    });
}
