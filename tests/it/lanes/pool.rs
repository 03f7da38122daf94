use std::cell::Cell;
use std::time::{Duration, Instant};

use sqlx::{Connection as _, Executor as _};
use twinbase::config::Engine;
use twinbase::database::{AcquireErrorCause, DatabaseError, ErrorKind};
use twinbase::testing::run;

use super::{configured, count, create, database, readers, slow, until, writers};

twinbase::on_both_engines! {
    async fn overflow_is_closed_when_it_comes_back_and_the_rest_is_kept(test: TestDatabase) {
        let database = database(&test, 2, 3);
        let mut held = Vec::new();
        for _ in 0..5 {
            held.push(database.reader().acquire().await.unwrap());
        }
        let status = readers(&database);
        assert_eq!((status.size, status.in_use, status.overflow, status.idle), (5, 5, 3, 0));
        drop(held);
        let status = readers(&database);
        assert_eq!((status.size, status.in_use, status.overflow, status.idle), (2, 0, 0, 2));
        database.close().await;
    }

    async fn a_connection_serves_again_and_the_last_one_back_goes_first(test: TestDatabase) {
        let database = database(&test, 3, 0);
        let held = [
            database.reader().acquire().await.unwrap(),
            database.reader().acquire().await.unwrap(),
        ];
        drop(held);
        for _ in 0..10 {
            drop(database.reader().acquire().await.unwrap());
        }
        let status = readers(&database);
        assert_eq!((status.connects, status.acquired), (2, 12));
        database.close().await;
    }

    async fn a_time_out_says_who_holds_the_connections_and_how_long_it_waited(test: TestDatabase) {
        let database = configured(&test, |config| {
            (config.pool_size, config.max_overflow) = (1, 0);
            config.acquire_timeout = Duration::from_millis(200);
        });
        let held = database.reader().named("the month-end report").acquire().await.unwrap();
        let start = Instant::now();
        let error = database.reader().acquire().await.unwrap_err();
        assert!(start.elapsed() >= Duration::from_millis(200));
        assert_eq!(error.kind(), ErrorKind::PoolTimeout);
        let text = error.to_string();
        assert!(text.contains("1 in use, 1 open of at most 1"), "{text}");
        assert!(text.contains("by the month-end report"), "{text}");
        let DatabaseError::Acquire(error) = error else { panic!("{error:?}") };
        assert_eq!(error.cause(), AcquireErrorCause::TimedOut);
        assert!(error.waited() >= Duration::from_millis(200));
        assert_eq!(readers(&database).timeouts, 1);
        assert_eq!(readers(&database).waiting, 0);
        // The same through sqlx, whose error keeps it.
        let error = sqlx::query("SELECT 1").fetch_one(database.reader()).await.map(drop).unwrap_err();
        assert_eq!(ErrorKind::of(&error), ErrorKind::PoolTimeout);
        drop(held);
        sqlx::query("SELECT 1").fetch_one(database.reader()).await.unwrap();
        database.close().await;
    }

    async fn a_holder_is_known_by_its_place_in_the_source(test: TestDatabase) {
        let database = database(&test, 1, 0);
        let lease = database.reader().acquire().await.unwrap();
        let (holder, _) = readers(&database).longest_held.unwrap();
        assert!(holder.contains("tests/it/lanes/pool.rs:"), "{holder}");
        drop(lease);
        assert_eq!(readers(&database).longest_held, None);
        database.close().await;
    }

    async fn waiters_get_their_turn_in_the_order_of_their_arrival(test: TestDatabase) {
        let database = database(&test, 1, 0);
        let held = database.reader().acquire().await.unwrap();
        let (sender, mut served) = tokio::sync::mpsc::channel(8);
        let mut tasks = Vec::new();
        for number in 0..8 {
            let (waiter, sender) = (database.clone(), sender.clone());
            tasks.push(tokio::spawn(async move {
                let lease = waiter.reader().acquire().await.unwrap();
                sender.send(number).await.unwrap();
                drop(lease);
            }));
            until("it waits", async || readers(&database).waiting == number + 1).await;
        }
        // One in the middle goes away.
        tasks[3].abort();
        until("it has gone", async || readers(&database).waiting == 7).await;
        drop(held);
        drop(sender);
        let mut order = Vec::new();
        while let Some(number) = served.recv().await {
            order.push(number);
        }
        assert_eq!(order, [0, 1, 2, 4, 5, 6, 7]);
        assert_eq!(readers(&database).connects, 1);
        database.close().await;
    }

    async fn a_connection_older_than_recycle_is_replaced_when_it_is_taken(test: TestDatabase) {
        let database = configured(&test, |config| config.recycle = Duration::from_millis(100));
        drop(database.reader().acquire().await.unwrap());
        tokio::time::sleep(Duration::from_millis(110)).await;
        assert_eq!(readers(&database).connects, 1);
        drop(database.reader().acquire().await.unwrap());
        let status = readers(&database);
        assert_eq!((status.connects, status.recycled, status.size), (2, 1, 1));
        database.close().await;
    }

    async fn a_connection_that_is_held_for_long_is_told_once_with_its_holder(test: TestDatabase) {
        let database = configured(&test, |config| config.leak_warning = Duration::from_millis(50));
        let held = database.reader().named("the leak").acquire().await.unwrap();
        until("it is told", async || readers(&database).leaked == 1).await;
        tokio::time::sleep(Duration::from_millis(120)).await;
        let status = readers(&database);
        assert_eq!(status.leaked, 1, "once");
        let (holder, since) = status.longest_held.unwrap();
        assert_eq!(holder, "the leak");
        assert!(since >= Duration::from_millis(150), "{since:?}");
        drop(held);
        let holds = readers(&database).holds;
        assert_eq!(holds.count, 1);
        assert!(holds.sum >= Duration::from_millis(150), "{holds:?}");
        database.close().await;
    }

    async fn waits_are_told_of_those_who_got_a_connection(test: TestDatabase) {
        let database = database(&test, 1, 0);
        let held = database.reader().acquire().await.unwrap();
        let waiter = database.clone();
        let waiting = tokio::spawn(async move { drop(waiter.reader().acquire().await.unwrap()) });
        until("it waits", async || readers(&database).waiting == 1).await;
        tokio::time::sleep(Duration::from_millis(60)).await;
        drop(held);
        waiting.await.unwrap();
        let waits = readers(&database).waits;
        let long: u64 = waits.buckets.iter().filter(|(bound, _)| *bound > Duration::from_millis(50)).map(|(_, count)| count).sum();
        assert!(waits.count == 2 && long >= 1, "{waits:?}");
        database.close().await;
    }

    async fn a_connection_is_tested_only_where_it_was_idle_for_long(test: TestDatabase) {
        // Of a connection that answers, a test leaves no trace but its time; of one that has died it does.
        for (idle, found) in [(Duration::from_hours(1), 0), (Duration::ZERO, 1)] {
            let database = configured(&test, |config| {
                (config.pool_size, config.max_overflow) = (2, 0);
                config.pre_ping_idle = idle;
            });
            if test.engine() == Engine::Postgres {
                let mut lease = database.reader().acquire().await.unwrap();
                let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *lease).await.unwrap();
                drop(lease);
                let other = test.open();
                let end = sqlx::query("SELECT pg_terminate_backend($1)").bind(pid);
                end.execute(other.pool()).await.unwrap();
                tokio::time::sleep(Duration::from_millis(100)).await;
                let result = sqlx::query("SELECT 1").fetch_one(database.reader()).await;
                assert_eq!(result.is_err(), found == 0);
                assert_eq!(readers(&database).dropped_by_ping, found);
                other.close().await;
            } else {
                // A file's connection does not die by itself: it is not taken for dead either.
                for _ in 0..3 {
                    sqlx::query("SELECT 1").fetch_one(database.reader()).await.unwrap();
                }
                assert_eq!(readers(&database).dropped_by_ping, 0);
            }
            database.close().await;
        }
    }

    async fn what_comes_back_in_a_transaction_is_rolled_back(test: TestDatabase) {
        let database = database(&test, 1, 0);
        create(&database, "t").await;
        for _ in 0..3 {
            let mut lease = database.writer().acquire().await.unwrap();
            lease.execute(sqlx::raw_sql("BEGIN")).await.unwrap();
            lease.execute("INSERT INTO t (id, n) VALUES (1, 1)").await.unwrap();
            drop(lease);
            assert_eq!(count(&database, "t").await, 0);
            let lease = database.writer().acquire().await.unwrap();
            assert!(!lease.is_in_transaction());
        }
        let mut lease = database.writer().acquire().await.unwrap();
        std::mem::forget(lease.begin().await.unwrap());
        lease.execute("INSERT INTO t (id, n) VALUES (1, 1)").await.unwrap();
        drop(lease);
        assert_eq!(count(&database, "t").await, 0);
        sqlx::query("INSERT INTO t (id, n) VALUES (1, 1)").execute(database.writer()).await.unwrap();
        assert_eq!(count(&database, "t").await, 1);
        database.close().await;
    }

    async fn a_connection_whose_session_was_changed_is_not_used_again(test: TestDatabase) {
        let database = database(&test, 1, 0);
        let changes: &[&str] = match test.engine() {
            Engine::Sqlite => &["PRAGMA foreign_keys = OFF", "CREATE TEMP TABLE mine (a BIGINT)", "ATTACH ':memory:' AS other"],
            Engine::Postgres => &["SET search_path = nowhere", "CREATE TEMPORARY TABLE mine (a BIGINT)", "SELECT pg_advisory_lock(7)", "LISTEN news"],
        };
        for (number, change) in changes.iter().enumerate() {
            let mut lease = database.writer().acquire().await.unwrap();
            lease.execute(sqlx::raw_sql(*change)).await.unwrap();
            drop(lease);
            drop(database.writer().acquire().await.unwrap());
            let status = writers(&database);
            assert_eq!(status.discarded, u64::try_from(number).unwrap() + 1, "{change}");
            assert_eq!((status.size, status.connects), (1, status.discarded + 1), "{change}");
        }
        // What ends with its transaction does not count.
        let mut session = database.writer().session();
        let local = match test.engine() {
            Engine::Sqlite => "SELECT 1",
            Engine::Postgres => "SET LOCAL search_path = nowhere",
        };
        session.connection().await.unwrap().execute(sqlx::raw_sql(local)).await.unwrap();
        session.commit().await.unwrap();
        drop(database.writer().acquire().await.unwrap());
        assert_eq!(writers(&database).discarded, u64::try_from(changes.len()).unwrap());
        database.close().await;
    }

    async fn a_dropped_query_costs_the_next_caller_nothing(test: TestDatabase) {
        let database = database(&test, 1, 1);
        sqlx::query("SELECT 1").fetch_one(database.reader()).await.unwrap();
        for _ in 0..3 {
            let running = sqlx::query(slow(test.engine())).fetch_one(database.reader());
            assert!(tokio::time::timeout(Duration::from_millis(50), running).await.is_err());
            let start = Instant::now();
            sqlx::query("SELECT 1").fetch_one(database.reader()).await.unwrap();
            assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
        }
        until("the pool is whole", async || {
            let status = readers(&database);
            status.size == status.idle
        }).await;
        database.close().await;
    }

    async fn a_write_on_the_reader_lane_is_read_only(test: TestDatabase) {
        let database = database(&test, 2, 0);
        create(&database, "t").await;
        for _ in 0..3 {
            let error = sqlx::query("INSERT INTO t (id, n) VALUES (1, 1)").execute(database.reader()).await.unwrap_err();
            assert_eq!(ErrorKind::of(&error), ErrorKind::ReadOnly, "{error}");
            let mut session = database.reader().session();
            let error = sqlx::query("DELETE FROM t").execute(&mut session).await.unwrap_err();
            assert_eq!(ErrorKind::of(&error), ErrorKind::ReadOnly, "{error}");
            drop(session);
            // The same connection writes for the writer lane.
            sqlx::query("INSERT INTO t (id, n) VALUES (2, 1)").execute(database.writer()).await.unwrap();
            sqlx::query("DELETE FROM t").execute(database.writer()).await.unwrap();
        }
        assert_eq!(count(&database, "t").await, 0);
        database.close().await;
    }

    async fn sustained_overload_is_shed_early(test: TestDatabase) {
        let database = configured(&test, |config| {
            (config.pool_size, config.max_overflow) = (1, 0);
            config.acquire_timeout = Duration::from_secs(20);
            config.shed_target = Duration::from_millis(5);
            config.shed_interval = Duration::from_millis(100);
        });
        let work = |database: twinbase::database::Database| async move {
            let lease = database.reader().acquire().await?;
            tokio::time::sleep(Duration::from_millis(10)).await;
            drop(lease);
            Ok::<_, DatabaseError>(())
        };
        let start = Instant::now();
        let tasks: Vec<_> = (0..100).map(|_| tokio::spawn(work(database.clone()))).collect();
        let (mut served, mut shed) = (0, 0);
        for task in tasks {
            match task.await.unwrap() {
                Ok(()) => served += 1,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Overloaded, "{error}");
                    shed += 1;
                }
            }
        }
        assert!(served >= 5 && shed >= 50, "{served} served, {shed} shed");
        assert_eq!(readers(&database).shed, shed);
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        // Overload that is over is forgotten.
        tokio::time::sleep(Duration::from_millis(250)).await;
        sqlx::query("SELECT 1").fetch_one(database.reader()).await.unwrap();
        database.close().await;
    }

    async fn a_closed_database_refuses_who_waits_and_who_comes(test: TestDatabase) {
        let database = database(&test, 1, 0);
        let held = database.reader().acquire().await.unwrap();
        let waiter = database.clone();
        let waiting = tokio::spawn(async move { waiter.reader().acquire().await.map(drop) });
        until("it waits", async || readers(&database).waiting == 1).await;
        let closing = tokio::spawn({
            let database = database.clone();
            async move { database.close().await }
        });
        let error = waiting.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        let error = database.reader().acquire().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(!closing.is_finished(), "one is still in use");
        drop(held);
        closing.await.unwrap();
        assert_eq!(readers(&database).size, 0);
    }
}

/// On SQLite alone: there a short read runs on the caller's thread, and its task gives way to others now and then.
/// One that did so with a connection in its hands would keep it from those others.
#[test]
fn a_task_that_gives_way_between_short_reads_holds_no_connection_meanwhile() {
    run(Engine::Sqlite, |test| async move {
        let database = database(&test, 1, 0);
        let (done, without) = (Cell::new(0), Cell::new(0));
        let deadline = Instant::now() + Duration::from_secs(30);
        let reads = async {
            while without.get() < 3 {
                assert!(Instant::now() < deadline, "not in {} reads", done.get());
                let one: i64 = sqlx::query_scalar("SELECT 1")
                    .fetch_one(database.reader())
                    .await
                    .unwrap();
                assert_eq!(one, 1);
                done.set(done.get() + 1);
            }
        };
        // Its turn comes whenever the other has given way, and while a read runs elsewhere.
        let looks = async {
            let mut seen = 0;
            while without.get() < 3 {
                if done.get() > seen {
                    seen = done.get();
                    let is_free = readers(&database).in_use == 0;
                    without.set(without.get() + i32::from(is_free));
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::join!(reads, looks);
        database.close().await;
    });
}
