//! The read mark that is held while short reads are many, which no result may tell. PostgreSQL has none: there
//! the claims hold just so.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use sqlx::{AnyConnection, AnyPool, Connection as _, Row as _};
use twinbase::config::Engine;
use twinbase::driver::sqlite::{Location, MemoryDatabase, Options};
use twinbase::testing::{TestDatabase, run, run_alone};

use super::{driver_url, pool, pool_of, raw, sqlite_options};

const SELECT: &str = "SELECT n FROM t WHERE id = 0";
/// How long reads may need to be many, on a machine that is busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// How many marks this process has held so far.
fn held() -> u64 {
    let figures = twinbase::telemetry::recorder().render();
    assert!(!figures.contains("read_marks_failed"), "{figures}");
    let held = (figures.lines())
        .find_map(|line| line.strip_prefix("twinbase_sqlite_read_marks_held_total "));
    held.map_or(0, |held| held.parse().unwrap())
}

async fn create(pool: &AnyPool) {
    raw(pool, "CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT)").await;
    raw(pool, "INSERT INTO t (id, n) VALUES (0, 0)").await;
}

/// Leaves no connection open.
async fn create_alone(test: &TestDatabase) {
    let setup = pool(test, 1).await;
    create(&setup).await;
    setup.close().await;
}

async fn read(connection: &mut AnyConnection) -> i64 {
    sqlx::query_scalar(SELECT)
        .fetch_one(connection)
        .await
        .unwrap()
}

/// Reads until that many more marks were held.
async fn read_until_held(connection: &mut AnyConnection, more: u64) {
    let (start, before) = (Instant::now(), held());
    while held() < before + more {
        assert!(
            start.elapsed() < PATIENCE,
            "no mark is held for these reads"
        );
        for _ in 0..500 {
            read(connection).await;
        }
    }
}

fn log_of(test: &TestDatabase) -> PathBuf {
    sqlite_options(test).path().with_extension("db-wal")
}

fn size(file: &PathBuf) -> u64 {
    std::fs::metadata(file).map_or(0, |metadata| metadata.len())
}

twinbase::on_both_engines! {
    async fn what_is_committed_is_read_at_once_while_reads_are_many(test: TestDatabase) {
        let setup = pool(&test, 1).await;
        create(&setup).await;
        let mut reader = AnyConnection::connect(&driver_url(&test)).await.unwrap();
        let mut writer = AnyConnection::connect(&driver_url(&test)).await.unwrap();
        let before = held();
        let start = Instant::now();
        let mut round = 0;
        let has_seen_enough = |round| round >= 50 && (test.engine() == Engine::Postgres || held() > before + 20);
        while !has_seen_enough(round) {
            assert!(start.elapsed() < PATIENCE, "no mark is held for these reads");
            for _ in 0..300 {
                assert_eq!(read(&mut reader).await, round);
            }
            round += 1;
            let update = "UPDATE t SET n = $1 WHERE id = 0";
            sqlx::query(update).bind(round).execute(&mut writer).await.unwrap();
            assert_eq!(read(&mut reader).await, round);
            assert_eq!(read(&mut writer).await, round);
        }
    }

    async fn a_table_is_altered_while_reads_are_many(test: TestDatabase) {
        let setup = pool(&test, 1).await;
        create(&setup).await;
        let mut reader = AnyConnection::connect(&driver_url(&test)).await.unwrap();
        for column in 0..10_usize {
            if test.engine() == Engine::Sqlite {
                read_until_held(&mut reader, 1).await;
            }
            raw(&setup, &format!("ALTER TABLE t ADD COLUMN c{column} BIGINT")).await;
            let row = sqlx::query("SELECT * FROM t").fetch_one(&mut reader).await.unwrap();
            assert_eq!(row.len(), column + 3);
        }
        raw(&setup, "DROP TABLE t").await;
        assert!(sqlx::query(SELECT).fetch_one(&mut reader).await.is_err());
    }
}

/// Reads through the pool for as long as the work runs.
async fn beside_reads<T>(test: &TestDatabase, work: impl Future<Output = T>) -> T {
    let mut reader = AnyConnection::connect(&driver_url(test)).await.unwrap();
    let reads = async {
        loop {
            read_until_held(&mut reader, 1).await;
        }
    };
    tokio::select! {
        () = reads => unreachable!(),
        result = work => result,
    }
}

/// Commits so many pages every few milliseconds, and gives the size of the log at its greatest.
async fn commit_now_and_then(test: &TestDatabase, pages: i64, commits: usize) -> u64 {
    let mut options = sqlite_options(test);
    // A log that begins anew is then cut, so that its size tells.
    options.journal_size_limit = 0;
    let writer = pool_of(&options.to_url(), 1).await;
    let mut greatest = 0;
    for _ in 0..commits {
        let insert = "INSERT INTO u (b) WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < $1) \
             SELECT zeroblob(4000) FROM c";
        sqlx::query(insert)
            .bind(pages)
            .execute(&writer)
            .await
            .unwrap();
        raw(&writer, "DELETE FROM u").await;
        greatest = greatest.max(size(&log_of(test)));
        tokio::time::sleep(Duration::from_millis(12)).await;
    }
    greatest
}

fn the_log_stays_within(mebibytes: u64, pages: i64, commits: usize) {
    run(Engine::Sqlite, move |test| async move {
        let setup = pool(&test, 1).await;
        create(&setup).await;
        raw(&setup, "CREATE TABLE u (b BYTEA)").await;
        let before = held();
        let greatest = beside_reads(&test, commit_now_and_then(&test, pages, commits)).await;
        assert!(held() > before);
        assert!(greatest < mebibytes * 1024 * 1024, "{greatest}");
    });
}

#[test]
fn the_log_begins_anew_while_reads_are_many() {
    the_log_stays_within(12, 50, 300);
}

#[test]
fn the_log_of_large_transactions_begins_anew_while_reads_are_many() {
    the_log_stays_within(30, 1500, 60);
}

#[test]
fn a_checkpoint_beside_many_reads_comes_to_its_end() {
    run(Engine::Sqlite, |test| async move {
        let setup = pool(&test, 1).await;
        create(&setup).await;
        let log = log_of(&test);
        beside_reads(&test, async {
            for round in 0..30_i64 {
                let update = "UPDATE t SET n = $1 WHERE id = 0";
                sqlx::query(update)
                    .bind(round)
                    .execute(&setup)
                    .await
                    .unwrap();
                tokio::time::sleep(Duration::from_millis(10)).await;
                let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                    .fetch_one(&setup)
                    .await
                    .unwrap();
                assert_eq!((row.get::<i64, _>(0), size(&log)), (0, 0));
            }
        })
        .await;
        assert!(held() > 0);
    });
}

#[test]
fn a_pool_that_is_closed_while_a_mark_is_held_leaves_no_log() {
    run(Engine::Sqlite, |test| async move {
        create_alone(&test).await;
        for _ in 0..10 {
            let mut connection = AnyConnection::connect(&driver_url(&test)).await.unwrap();
            read_until_held(&mut connection, 1).await;
            assert!(log_of(&test).exists());
            connection.close().await.unwrap();
            assert!(!log_of(&test).exists());
        }
    });
}

#[test]
fn an_in_memory_database_goes_while_a_mark_is_held() {
    run_alone(async {
        twinbase::driver::install().unwrap();
        // The next one's file may have the number of the last one's.
        for _ in 0..20 {
            let options = Options::new(Location::Memory(MemoryDatabase::new().unwrap()));
            let (url, file) = (options.to_url(), options.path());
            let setup = pool_of(&url, 1).await;
            create(&setup).await;
            drop(options);
            let mut connection = AnyConnection::connect(&url).await.unwrap();
            setup.close().await;
            read_until_held(&mut connection, 1).await;
            assert!(file.exists());
            connection.close().await.unwrap();
            assert!(!file.parent().unwrap().exists());
        }
    });
}

#[test]
fn the_file_is_its_connections_own_again_when_reads_are_few() {
    run(Engine::Sqlite, |test| async move {
        create_alone(&test).await;
        let mut connection = AnyConnection::connect(&driver_url(&test)).await.unwrap();
        read_until_held(&mut connection, 1).await;
        // Refused while another connection is open to the file.
        let start = Instant::now();
        while !is_alone(&mut connection).await {
            assert!(start.elapsed() < PATIENCE);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(read(&mut connection).await, 0);
    });
}

/// Whether no other connection is open to the file.
async fn is_alone(connection: &mut AnyConnection) -> bool {
    let leave_the_log = sqlx::raw_sql("PRAGMA journal_mode = DELETE");
    leave_the_log.execute(connection).await.is_ok()
}

#[test]
fn no_mark_is_held_for_reads_inside_of_a_transaction() {
    run(Engine::Sqlite, |test| async move {
        create_alone(&test).await;
        let mut connection = AnyConnection::connect(&driver_url(&test)).await.unwrap();
        let mut transaction = connection.begin().await.unwrap();
        for _ in 0..20_000 {
            read(&mut transaction).await;
        }
        transaction.commit().await.unwrap();
        assert!(is_alone(&mut connection).await);
    });
}

#[test]
fn a_database_that_has_left_its_log_is_written_beside_many_reads() {
    run(Engine::Sqlite, |test| async move {
        held();
        create_alone(&test).await;
        let mut options = sqlite_options(&test);
        options.busy_timeout = Duration::ZERO;
        for round in 0..50 {
            let mut connection = AnyConnection::connect(&options.to_url()).await.unwrap();
            assert!(is_alone(&mut connection).await);
            for _ in 0..140 {
                assert_eq!(read(&mut connection).await, round);
            }
            let update = sqlx::query("UPDATE t SET n = n + 1");
            update.execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        // None was tried either: it would have failed.
        held();
    });
}
