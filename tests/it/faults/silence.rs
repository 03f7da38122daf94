use std::time::{Duration, Instant};

use twinbase::database::{DatabaseError, ErrorKind, Failure};
use twinbase::testing::Proxy;

use super::{create, fill, ids, insert, is_whole, one, open, pool, with_server};

/// What a busy machine may add to a limit.
const SLACK: Duration = Duration::from_secs(3);

/// How long after `statement_timeout` a silent server is given up.
const GRACE: Duration = Duration::from_secs(5);

#[test]
fn a_server_that_stands_still_is_waited_for_as_long_as_was_said_and_no_longer() {
    with_server(&[], |server| async move {
        let database = open(&server.url("postgres"), |config| {
            config.acquire_timeout = Duration::from_secs(3);
            config.connect_timeout = Duration::from_secs(1);
            config.ping_timeout = Duration::from_millis(500);
            config.pre_ping_idle = Duration::ZERO;
        });
        create(&database).await;
        fill(&database, 3).await;
        server.pause();

        let start = Instant::now();
        let error = database.connect().await.map(drop).unwrap_err();
        assert!(
            start.elapsed() < Duration::from_secs(1) + SLACK,
            "{:?}",
            start.elapsed()
        );
        assert!(
            matches!(
                &error,
                DatabaseError::Connect {
                    failure: Failure::Timeout,
                    ..
                }
            ),
            "{error:?}"
        );

        // One of the three is tested, in half a second, and the other two are closed with it.
        let start = Instant::now();
        let error = database.reader().acquire().await.map(drop).unwrap_err();
        let elapsed = start.elapsed();
        assert!(
            elapsed >= Duration::from_secs(3) && elapsed < Duration::from_secs(3) + SLACK,
            "{elapsed:?}"
        );
        assert_eq!(error.kind(), ErrorKind::PoolTimeout, "{error}");
        let text = error.to_string();
        assert!(text.contains("no answer in time"), "{text}");
        let status = pool(&database);
        assert_eq!(
            (status.dropped_by_ping, status.timeouts, status.size),
            (1, 1, 0),
            "{status:?}"
        );
        assert!(status.connect_errors >= 1, "{status:?}");

        server.resume();
        one(&database).await.unwrap();
        is_whole(&database).await;
        database.close().await;
    });
}

#[test]
fn a_statement_whose_server_stands_still_is_given_up_soon_after_its_time_limit() {
    with_server(&[], |server| async move {
        let database = open(&server.url("postgres"), |config| {
            config.statement_timeout = Duration::from_secs(1);
            config.pre_ping_idle = Duration::from_hours(1);
        });
        create(&database).await;
        fill(&database, 2).await;
        let mut session = database.writer().session();
        insert(&mut session, 1).await.unwrap();
        // The reader's is told that it reads only.
        one(&database).await.unwrap();
        server.pause();
        let start = Instant::now();
        let lane = one(&database);
        let (lane, in_session) = tokio::join!(lane, insert(&mut session, 2));
        let elapsed = start.elapsed();
        let limit = Duration::from_secs(1) + GRACE;
        assert!(elapsed >= limit && elapsed < limit + SLACK, "{elapsed:?}");
        let error = lane.unwrap_err();
        assert_eq!(ErrorKind::of(&error), ErrorKind::Connection, "{error}");
        assert!(
            error
                .to_string()
                .contains("the server has not answered within 6s"),
            "{error}"
        );
        assert_eq!(in_session.unwrap_err().kind(), ErrorKind::Connection);
        drop(session);
        server.resume();
        assert_eq!(ids(&database).await, [0_i64; 0]);
        // Where the server is alive it is the one that says so, and the connection stays.
        let sleep = sqlx::query("SELECT CAST(pg_sleep(60) AS TEXT)").fetch_one(database.reader());
        let error = sleep.await.map(drop).unwrap_err();
        assert_eq!(ErrorKind::of(&error), ErrorKind::Timeout, "{error}");
        is_whole(&database).await;
        database.close().await;
    });
}

#[test]
fn a_time_limit_that_a_program_sets_itself_is_not_cut_short() {
    with_server(&[], |server| async move {
        let database = open(&server.url("postgres"), |config| {
            config.statement_timeout = Duration::from_millis(100);
        });
        let longer = "SELECT CAST(pg_sleep(5.5) AS TEXT)";
        let named = async {
            let mut session = database
                .reader()
                .statement_timeout(Duration::from_mins(1))
                .session();
            sqlx::query(longer).fetch_one(&mut session).await.unwrap();
            session.commit().await.unwrap();
        };
        let by_hand = async {
            let mut session = database.reader().session();
            let set = "SET LOCAL statement_timeout = '1min'";
            sqlx::query(set).execute(&mut session).await.unwrap();
            sqlx::query(longer).fetch_one(&mut session).await.unwrap();
            session.commit().await.unwrap();
        };
        tokio::join!(named, by_hand);
        database.close().await;
    });
}

#[test]
fn a_network_that_swallows_everything_is_found_out_and_recovered_from() {
    with_server(&[], |server| async move {
        let proxy = Proxy::start(server.address()).await;
        let database = open(&proxy.url(&server.url("postgres")), |config| {
            config.acquire_timeout = Duration::from_secs(3);
            config.connect_timeout = Duration::from_secs(1);
            config.ping_timeout = Duration::from_millis(500);
            config.pre_ping_idle = Duration::ZERO;
            config.statement_timeout = Duration::from_secs(1);
        });
        create(&database).await;
        fill(&database, 2).await;
        let mut session = database.writer().session();
        insert(&mut session, 1).await.unwrap();
        proxy.silence();
        let start = Instant::now();
        let error = database.reader().acquire().await.map(drop).unwrap_err();
        assert!(
            start.elapsed() < Duration::from_secs(3) + SLACK,
            "{:?}",
            start.elapsed()
        );
        assert_eq!(error.kind(), ErrorKind::PoolTimeout, "{error}");
        assert!(error.to_string().contains("no answer in time"), "{error}");
        let start = Instant::now();
        let error = insert(&mut session, 2).await.unwrap_err();
        assert!(
            start.elapsed() < Duration::from_secs(1) + GRACE + SLACK,
            "{:?}",
            start.elapsed()
        );
        assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
        drop(session);
        proxy.speak();
        // New connections only: those that are open stay silent for good.
        for _ in 0..5 {
            one(&database).await.unwrap();
        }
        assert_eq!(ids(&database).await, [0_i64; 0]);
        is_whole(&database).await;
        database.close().await;
    });
}

#[test]
fn a_test_of_a_connection_that_was_dropped_half_way_does_not_count_as_passed() {
    with_server(&[], |server| async move {
        let proxy = Proxy::start(server.address()).await;
        let database = open(&proxy.url(&server.url("postgres")), |config| {
            config.pre_ping_idle = Duration::from_millis(500);
        });
        create(&database).await;
        fill(&database, 1).await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        proxy.silence();
        let lane = database.writer();
        let taking = lane.acquire();
        assert!(
            tokio::time::timeout(Duration::from_millis(50), taking)
                .await
                .is_err()
        );
        proxy.speak();
        // It was idle for no time since, and would not be tested again.
        let next = sqlx::query("SELECT 1").execute(database.writer());
        tokio::time::timeout(Duration::from_secs(5), next)
            .await
            .unwrap()
            .unwrap();
        database.close().await;
    });
}
