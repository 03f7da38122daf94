use twinbase::config::Engine;
use twinbase::database::{Database, Lane};
use twinbase::testing::{Proxy, TestDatabase, run};

use super::{INSERT, create, until};

/// A database behind a proxy that counts, with both lanes warm.
async fn counted(test: &TestDatabase, connections: u32) -> (Proxy, Database) {
    let (proxy, url) = test.through_proxy().await;
    let mut config = test.config();
    config.url = Some(url.parse().unwrap());
    (config.pool_size, config.max_overflow) = (connections, 0);
    let database = Database::new(&config).unwrap();
    create(&database, "t").await;
    // One connection for each lane, where there are two.
    let both = (database.reader().acquire().await, connections > 1);
    if both.1 {
        select(database.writer(), 2).await;
    }
    drop(both);
    for lane in [database.reader(), database.writer()] {
        select(lane, 2).await;
    }
    (proxy, database)
}

async fn select(lane: Lane, times: usize) {
    for _ in 0..times {
        let select = sqlx::query_as("SELECT id, n FROM t WHERE id = $1").bind(1_i64);
        let rows: Vec<(i64, i64)> = select.fetch_all(&lane).await.unwrap();
        assert!(rows.len() < 2);
    }
}

#[test]
fn a_query_of_either_lane_is_one_round_trip() {
    run(Engine::Postgres, |test| async move {
        let (proxy, database) = counted(&test, 2).await;
        for lane in [database.reader(), database.writer()] {
            let before = proxy.round_trips();
            select(lane, 10).await;
            assert_eq!(proxy.round_trips() - before, 10);
        }
        // In turn too: each lane finds a connection that is told what it may do already.
        let before = proxy.round_trips();
        for _ in 0..10 {
            select(database.reader(), 1).await;
            select(database.writer(), 1).await;
        }
        assert_eq!(proxy.round_trips() - before, 20);
        database.close().await;
    });
}

#[test]
fn a_session_is_its_statements_with_begin_and_commit_and_its_release_is_nothing() {
    run(Engine::Postgres, |test| async move {
        let (proxy, database) = counted(&test, 2).await;
        let mut id = 0_i64;
        // The first run prepares the statement, in a savepoint of its own.
        for statements in [1_u64, 0, 1, 2, 5] {
            let before = proxy.round_trips();
            let mut session = database.writer().session();
            for _ in 0..statements {
                id += 1;
                let insert = sqlx::query(INSERT).bind(id).bind(id);
                insert.execute(&mut session).await.unwrap();
            }
            session.commit().await.unwrap();
            let expected = if statements == 0 { 0 } else { statements + 2 };
            if id > 1 {
                assert_eq!(
                    proxy.round_trips() - before,
                    expected,
                    "{statements} statements"
                );
            }
        }
        // Rolled back, whether by name or dropped, it is as many.
        for dropped in [false, true] {
            let before = proxy.round_trips();
            let mut session = database.writer().session();
            sqlx::query(INSERT)
                .bind(id + 1)
                .bind(0_i64)
                .execute(&mut session)
                .await
                .unwrap();
            if dropped {
                drop(session);
                until("it is rolled back", async || {
                    super::writers(&database).idle == 2
                })
                .await;
                // The answer to its roll-back is as good as a ping, unless the machine was busy.
                let trips = proxy.round_trips() - before;
                assert!((3..=4).contains(&trips), "{trips}");
            } else {
                session.rollback().await.unwrap();
                assert_eq!(proxy.round_trips() - before, 3);
            }
        }
        // A release costs nothing by itself.
        let before = proxy.round_trips();
        for _ in 0..10 {
            drop(database.writer().acquire().await.unwrap());
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        assert_eq!(proxy.round_trips() - before, 0);
        database.close().await;
    });
}
