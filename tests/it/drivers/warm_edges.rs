//! Where a short read through another connection would give another result than through its own. PostgreSQL
//! has no such short way.

use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::{AnyConnection, Connection as _, Row as _};
use twinbase::config::Engine;
use twinbase::testing::{TestDatabase, run};

use super::{driver_url, pool, raw, sqlite_options};

const SELECT: &str = "SELECT n FROM t WHERE id = $1";

async fn read_by(connection: &mut AnyConnection, sql: &'static str, id: i64) -> Option<i64> {
    let row = sqlx::query(sql)
        .bind(id)
        .fetch_optional(connection)
        .await
        .unwrap();
    row.map(|row| row.get(0))
}

async fn prove(connection: &mut AnyConnection, sql: &'static str) {
    for _ in 0..6 {
        read_by(connection, sql, 0).await;
    }
}

async fn connections(test: &TestDatabase, count: usize) -> Vec<AnyConnection> {
    let setup = pool(test, 1).await;
    raw(
        &setup,
        "CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT, d DOUBLE PRECISION)",
    )
    .await;
    raw(&setup, "INSERT INTO t (id, n, d) VALUES (0, 0, 1.7)").await;
    setup.close().await;
    let mut all = Vec::new();
    for _ in 0..count {
        let mut connection = AnyConnection::connect(&driver_url(test)).await.unwrap();
        prove(&mut connection, SELECT).await;
        all.push(connection);
    }
    all
}

async fn each_has_its_own(all: &mut [AnyConnection]) {
    let [one, other] = all else { unreachable!() };
    sqlx::query("INSERT INTO t (id, n) VALUES ($1, 7)")
        .bind(0_i64)
        .execute(&mut *one)
        .await
        .unwrap();
    for round in 0..20 {
        assert_eq!(read_by(one, SELECT, 0).await, Some(7), "one, {round}");
        assert_eq!(read_by(other, SELECT, 0).await, Some(0), "other, {round}");
    }
}

fn its_table_stays_its_own(text: &'static str) {
    run(Engine::Sqlite, |test| async move {
        let mut all = connections(&test, 2).await;
        sqlx::raw_sql(text).execute(&mut all[0]).await.unwrap();
        each_has_its_own(&mut all).await;
    });
}

#[test]
fn a_temporary_table_whose_schema_is_in_quotes() {
    its_table_stays_its_own("CREATE TABLE \"temp\".t (id BIGINT, n BIGINT)");
}

#[test]
fn a_temporary_table_behind_a_comment_that_sqlite_does_not_nest() {
    its_table_stays_its_own("/* a /* b */ CREATE TEMPORARY TABLE t (id BIGINT, n BIGINT)");
}

#[test]
fn a_temporary_table_by_the_text_of_a_begin() {
    run(Engine::Sqlite, |test| async move {
        let mut all = connections(&test, 2).await;
        let begin = "CREATE TEMPORARY TABLE t (id BIGINT, n BIGINT); BEGIN";
        let transaction = all[0].begin_with(begin).await.unwrap();
        transaction.commit().await.unwrap();
        each_has_its_own(&mut all).await;
    });
}

#[test]
fn a_view_that_another_process_changes_to_ask_for_the_last_rowid() {
    run(Engine::Sqlite, |test| async move {
        const VIEW: &str = "SELECT n FROM v WHERE id >= $1";
        let mut all = connections(&test, 2).await;
        sqlx::raw_sql("CREATE VIEW v AS SELECT id, n FROM t WHERE id = 0")
            .execute(&mut all[0])
            .await
            .unwrap();
        for (id, connection) in (5_i64..).zip(&mut all) {
            sqlx::query("INSERT INTO t (id, n) VALUES ($1, 0)")
                .bind(id)
                .execute(&mut *connection)
                .await
                .unwrap();
        }
        // The last that was used is then the second, which proves it by itself.
        all[0].clear_cached_statements().await.unwrap();
        prove(&mut all[1], VIEW).await;
        let mut own = Vec::new();
        for connection in &mut all {
            let row = sqlx::query("SELECT last_insert_rowid()")
                .fetch_one(connection)
                .await
                .unwrap();
            own.push(row.get::<i64, _>(0));
        }
        assert_ne!(own[0], own[1]);
        let file = test.url().sqlite_file().unwrap().to_owned();
        let elsewhere = rusqlite::Connection::open(file).unwrap();
        elsewhere
            .execute_batch("DROP VIEW v; CREATE VIEW v AS SELECT 1 AS id, last_insert_rowid() AS n")
            .unwrap();
        assert_eq!(read_by(&mut all[0], VIEW, 0).await, Some(own[0]));
        assert_eq!(read_by(&mut all[1], VIEW, 0).await, Some(own[1]));
    });
}

#[test]
fn a_cast_that_an_index_is_made_over() {
    run(Engine::Sqlite, |test| async move {
        const CAST: &str = "SELECT CAST(d AS BIGINT) FROM t WHERE id = $1";
        let mut all = connections(&test, 2).await;
        let [one, other] = all.as_mut_slice() else {
            unreachable!()
        };
        prove(other, CAST).await;
        sqlx::raw_sql("CREATE INDEX i ON t (CAST(d AS BIGINT))")
            .execute(&mut *one)
            .await
            .unwrap();
        // Own, by the present schema: without a statement that is kept.
        let row = sqlx::query(CAST)
            .bind(0_i64)
            .persistent(false)
            .fetch_one(&mut *one)
            .await
            .unwrap();
        let own = row.get::<i64, _>(0);
        prove(other, CAST).await;
        for round in 0..20 {
            assert_eq!(read_by(one, CAST, 0).await, Some(own), "one, {round}");
        }
    });
}

#[test]
fn a_connection_that_is_used_when_its_thread_ends() {
    static DONE: AtomicBool = AtomicBool::new(false);
    struct Late(std::cell::RefCell<Option<(TestDatabase, AnyConnection)>>);
    impl Drop for Late {
        fn drop(&mut self) {
            let Some((_test, mut connection)) = self.0.take() else {
                return;
            };
            let mut future = Box::pin(async move {
                for _ in 0..10 {
                    assert_eq!(read_by(&mut connection, SELECT, 0).await, Some(0));
                }
            });
            let waker = std::task::Waker::noop();
            let mut context = std::task::Context::from_waker(waker);
            while future.as_mut().poll(&mut context).is_pending() {
                std::thread::yield_now();
            }
            DONE.store(true, Ordering::SeqCst);
        }
    }
    thread_local! {
        static LATE: Late = const { Late(std::cell::RefCell::new(None)) };
    }
    let result = std::thread::spawn(|| {
        LATE.with(|_| ());
        run(Engine::Sqlite, |test| async move {
            let mut all = connections(&test, 1).await;
            let one = all.pop().unwrap();
            LATE.with(|late| late.0.replace(Some((test, one))));
        });
    })
    .join();
    assert!(result.is_ok());
    assert!(DONE.load(Ordering::SeqCst));
}

#[test]
fn a_file_at_rest_that_is_written_between_two_connections() {
    run(Engine::Sqlite, |test| async move {
        drop(connections(&test, 1).await);
        let file = test.url().sqlite_file().unwrap().to_owned();
        let write = |n: i64| {
            let writer = rusqlite::Connection::open(&file).unwrap();
            writer
                .query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))
                .unwrap();
            writer.execute("UPDATE t SET n = ?1", [n]).unwrap();
        };
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        write(1);
        let mut options = sqlite_options(&test);
        (options.create, options.read_only, options.at_rest) = (false, true, true);
        let mut before = AnyConnection::connect(&options.to_url()).await.unwrap();
        prove(&mut before, SELECT).await;
        assert_eq!(read_by(&mut before, SELECT, 0).await, Some(1));
        // Nobody reads through the first any more; it was not closed.
        write(2);
        let mut after = AnyConnection::connect(&options.to_url()).await.unwrap();
        assert_eq!(read_by(&mut after, SELECT, 0).await, Some(2));
    });
}

/// SQLite itself follows the link once, when it opens the file.
#[cfg(unix)]
#[test]
fn a_link_that_leads_elsewhere_while_a_connection_is_opened() {
    run(Engine::Sqlite, |test| async move {
        let folder = tempfile::tempdir().unwrap();
        let [link, new_link] = ["link.db", "new.db"].map(|name| folder.path().join(name));
        let files = ["a.db", "b.db"].map(|name| folder.path().join(name));
        for (n, file) in (1_i64..).zip(&files) {
            let made = rusqlite::Connection::open(file).unwrap();
            made.execute_batch(
                "CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT); INSERT INTO t VALUES (0, 0)",
            )
            .unwrap();
            made.execute("UPDATE t SET n = ?1", [n]).unwrap();
        }
        std::os::unix::fs::symlink(&files[0], &link).unwrap();
        let mut options = sqlite_options(&test);
        options.location = twinbase::driver::sqlite::Location::File(link.clone());
        let url = options.to_url();
        twinbase::driver::install().unwrap();

        let holder = rusqlite::Connection::open(&files[0]).unwrap();
        holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let opening = tokio::spawn({
            let url = url.clone();
            async move { AnyConnection::connect(&url).await.unwrap() }
        });
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        std::os::unix::fs::symlink(&files[1], &new_link).unwrap();
        std::fs::rename(&new_link, &link).unwrap();
        holder.execute_batch("ROLLBACK").unwrap();
        drop(holder);

        let mut old = opening.await.unwrap();
        prove(&mut old, SELECT).await;
        assert_eq!(read_by(&mut old, SELECT, 0).await, Some(1));
        let mut new = AnyConnection::connect(&url).await.unwrap();
        for round in 0..20 {
            assert_eq!(read_by(&mut new, SELECT, 0).await, Some(2), "new, {round}");
            assert_eq!(read_by(&mut old, SELECT, 0).await, Some(1), "old, {round}");
        }
        new.close().await.unwrap();
        old.close().await.unwrap();
    });
}
