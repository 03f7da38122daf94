use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use twinbase::config::Engine;
use twinbase::driver::sqlite::SqliteErrorCause;
use twinbase::testing::run;

use super::{count, pool, raw, refused, slow, sqlite_error, transaction_with_a_row};

/// Polls a future so many times, with a pause behind each, and drops it.
async fn poll_and_drop<F: Future>(polls: usize, pause: Duration, future: F) {
    let mut future = Box::pin(future);
    for _ in 0..polls {
        if future.as_mut().now_or_never().is_some() {
            break;
        }
        // The runtime's clock knows milliseconds only.
        #[expect(clippy::disallowed_methods, reason = "a thread of the test's own")]
        std::thread::sleep(pause);
        tokio::task::yield_now().await;
    }
}

/// Short pauses and long ones, so that the future is dropped at every point of its way.
fn pauses() -> impl Iterator<Item = (usize, Duration)> {
    let pauses = [0, 10, 50, 100, 250, 500, 1000].map(Duration::from_micros);
    (0..6).flat_map(move |polls| pauses.map(|pause| (polls, pause)))
}

/// Drops a future that takes longer than this.
async fn drop_soon<F: Future>(future: F) {
    let soon = tokio::time::timeout(Duration::from_millis(50), future);
    assert!(soon.await.is_err(), "it was slow");
}

/// At once, where what was dropped takes minutes and the machine may be busy.
fn assert_at_once(since: Instant) {
    let elapsed = since.elapsed();
    assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
}

twinbase::on_both_engines! {
    async fn a_cancelled_begin_leaves_no_open_transaction(test: TestDatabase) {
        let (own, other) = (pool(&test, 1).await, pool(&test, 1).await);
        raw(&own, "CREATE TABLE t (a BIGINT)").await;
        let mut inserted = 0;
        for (polls, pause) in pauses() {
            let mut connection = own.acquire().await.unwrap();
            poll_and_drop(polls, pause, connection.begin()).await;
            drop(connection);
            poll_and_drop(polls, pause, own.begin()).await;
            let mut connection = own.acquire().await.unwrap();
            assert!(!connection.is_in_transaction());
            connection.execute("INSERT INTO t VALUES (1)").await.unwrap();
            drop(connection);
            inserted += 1;
            assert_eq!(count(&other, "t").await, inserted);
        }
    }

    async fn a_cancelled_nested_begin_leaves_the_outer_transaction_alone(test: TestDatabase) {
        let (own, other) = (pool(&test, 1).await, pool(&test, 1).await);
        raw(&own, "CREATE TABLE t (a BIGINT)").await;
        for (polls, pause) in pauses() {
            let mut outer = own.begin().await.unwrap();
            outer.execute("INSERT INTO t VALUES (1)").await.unwrap();
            poll_and_drop(polls, pause, outer.begin()).await;
            outer.execute("INSERT INTO t VALUES (2)").await.unwrap();
            assert_eq!(count(&other, "t").await, 0, "not yet committed");
            outer.rollback().await.unwrap();
            assert_eq!(count(&other, "t").await, 0);
        }
    }

    async fn a_cancelled_nested_commit_leaves_the_outer_transactions_writes(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (a BIGINT)").await;
        for (polls, pause) in pauses().chain([(1, Duration::from_millis(50))]) {
            for rolled_back_before in [false, true] {
                raw(&pool, "DELETE FROM t").await;
                let mut outer = pool.begin().await.unwrap();
                if rolled_back_before {
                    let mut nested = outer.begin().await.unwrap();
                    nested.execute("INSERT INTO t VALUES (1)").await.unwrap();
                    nested.rollback().await.unwrap();
                }
                outer.execute("INSERT INTO t VALUES (2)").await.unwrap();
                let mut nested = outer.begin().await.unwrap();
                nested.execute("INSERT INTO t VALUES (3)").await.unwrap();
                let mut acknowledged = false;
                poll_and_drop(polls, pause, async {
                    nested.commit().await.unwrap();
                    acknowledged = true;
                })
                .await;
                outer.execute("INSERT INTO t VALUES (4)").await.unwrap();
                outer.commit().await.unwrap();
                let mut kept: Vec<i64> = sqlx::query_scalar("SELECT a FROM t ORDER BY a").fetch_all(&pool).await.unwrap();
                // What was not acknowledged may be kept or not.
                if !acknowledged {
                    kept.retain(|&a| a != 3);
                }
                assert_eq!(kept, if acknowledged { vec![2, 3, 4] } else { vec![2, 4] });
            }
        }
    }

    async fn a_dropped_query_leaves_nothing_for_the_next(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        for _ in 0..3 {
            drop_soon(sqlx::query(slow(test.engine())).fetch_one(&pool)).await;
            let start = Instant::now();
            let one: i64 = sqlx::query_scalar("SELECT CAST(1 AS BIGINT)").fetch_one(&pool).await.unwrap();
            assert_eq!(one, 1);
            if test.engine() == Engine::Sqlite {
                assert_at_once(start);
            }
        }
    }

    async fn a_read_stopped_in_a_transaction_leaves_the_transaction(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        let mut transaction = transaction_with_a_row(&pool).await;
        drop_soon(sqlx::query(slow(test.engine())).fetch_one(&mut *transaction)).await;
        transaction.execute("INSERT INTO t VALUES (2)").await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(count(&pool, "t").await, 2);
    }

    async fn a_write_dropped_in_a_transaction_ends_it_on_sqlite_and_is_done_on_postgres(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        let mut transaction = transaction_with_a_row(&pool).await;
        let slow = AssertSqlSafe(format!("INSERT INTO t {}", slow(test.engine())));
        drop_soon(sqlx::query(slow).execute(&mut *transaction)).await;
        let next = transaction.execute("INSERT INTO t VALUES (2)").await;
        match test.engine() {
            Engine::Sqlite => {
                assert_eq!(sqlite_error(&refused(next)).cause(), SqliteErrorCause::RolledBack);
                drop(transaction);
                assert_eq!(count(&pool, "t").await, 0);
            }
            // The statement runs to its end on the server.
            Engine::Postgres => {
                next.unwrap();
                transaction.commit().await.unwrap();
                assert_eq!(count(&pool, "t").await, 3);
            }
        }
    }
}

#[test]
fn the_error_of_a_dropped_query_goes_to_nobody_else() {
    // SQLite's query is stopped before it can fail.
    run(Engine::Postgres, |test| async move {
        let pool = pool(&test, 1).await;
        let mut connection = pool.acquire().await.unwrap();
        let select = || sqlx::query_scalar("SELECT $1::int8").bind(1_i64);
        let one: i64 = select().fetch_one(&mut *connection).await.unwrap();
        assert_eq!(one, 1);
        let failing = sqlx::query("SELECT 1 / (count(*) - 1) FROM pg_sleep($1)").bind(0.1_f64);
        drop_soon(failing.execute(&mut *connection)).await;
        let one: i64 = select().fetch_one(&mut *connection).await.unwrap();
        assert_eq!(one, 1);
    });
}

#[test]
fn a_dropped_wait_for_the_lock_of_a_file_is_over_at_once() {
    run(Engine::Sqlite, |test| async move {
        let (writer, waiter) = (pool(&test, 1).await, pool(&test, 1).await);
        let held = writer.begin_with("BEGIN IMMEDIATE").await.unwrap();
        drop_soon(waiter.begin_with("BEGIN IMMEDIATE")).await;
        let start = Instant::now();
        sqlx::query("SELECT 1").fetch_one(&waiter).await.unwrap();
        assert_at_once(start);
        drop(held);
        writer.execute("CREATE TABLE t (a)").await.unwrap();
        let connection = waiter.acquire().await.unwrap();
        assert!(!connection.is_in_transaction());
    });
}

#[test]
fn closing_a_pool_does_not_wait_for_a_dropped_query() {
    // SQLite's query is stopped at once. The server's own check takes another second.
    run(Engine::Postgres, |test| async move {
        let (closed, other) = (pool(&test, 1).await, pool(&test, 1).await);
        drop_soon(sqlx::query("SELECT pg_sleep(20)").fetch_one(&closed)).await;
        let start = Instant::now();
        closed.close().await;
        let elapsed = start.elapsed();
        assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
        let running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(20)' \
                       AND state = 'active' AND datname = current_database()";
        loop {
            let running: i64 = sqlx::query_scalar(running).fetch_one(&other).await.unwrap();
            if running == 0 {
                break;
            }
            assert!(start.elapsed() < Duration::from_secs(15), "it still runs");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
}

#[test]
fn the_urls_own_interval_of_checking_the_client_is_left() {
    run(Engine::Postgres, |test| async move {
        let show = "SHOW client_connection_check_interval";
        assert_eq!(super::text(&pool(&test, 1).await, show).await, "1s");
        let mut url = url::Url::parse(test.url().expose()).unwrap();
        url.query_pairs_mut()
            .append_pair("options[client_connection_check_interval]", "0");
        let pool = super::pool_of(url.as_str(), 1).await;
        assert_eq!(super::text(&pool, show).await, "0");
    });
}
