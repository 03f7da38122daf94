use std::time::Duration;

use twinbase::config::Engine;
use twinbase::database::{Database, DatabaseError, SessionGuard};
use twinbase::testing::run;

use super::{Cut, cut};

/// How often waiters and a close meet.
const MEETINGS: usize = 30;

twinbase::on_both_engines! {
    async fn waiters_that_go_while_the_pool_closes_leave_it_closed(test: TestDatabase) {
        for _ in 0..MEETINGS {
            let mut config = test.config();
            (config.pool_size, config.max_overflow) = (1, 0);
            let database = Database::new(&config).unwrap();
            let held = database.reader().acquire().await.unwrap();
            let waiters: Vec<_> = (0..50)
                .map(|_| {
                    let database = database.clone();
                    tokio::spawn(async move { database.reader().acquire().await.map(drop) })
                })
                .collect();
            super::until("they wait", async || database.pool_status().pop().unwrap().waiting == 50).await;
            let closing = tokio::spawn({
                let database = database.clone();
                async move { database.close().await }
            });
            for waiter in &waiters {
                waiter.abort();
            }
            for waiter in waiters {
                match waiter.await {
                    Ok(refused) => assert!(refused.is_err()),
                    Err(ended) => assert!(ended.is_cancelled(), "{ended}"),
                }
            }
            drop(held);
            closing.await.unwrap();
            let status = database.pool_status().pop().unwrap();
            assert_eq!((status.size, status.waiting, status.in_use), (0, 0, 0), "{status:?}");
        }
    }
}

#[test]
fn writers_go_on_when_the_runtime_of_others_has_ended() {
    // Groups, which PostgreSQL has none of, live in tasks of whoever was last in them.
    run(Engine::Sqlite, |test| async move {
        let database = test.open();
        let table = "CREATE TABLE t (id BIGINT NOT NULL)";
        sqlx::query(table).execute(database.writer()).await.unwrap();
        for polls in 1..12 {
            let ending = database.clone();
            let ended = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime
                    .block_on(cut(Cut { polls, late: false }, write(&ending, 1)))
                    .is_some()
            });
            let _ = ended.join().unwrap();
            let next = tokio::time::timeout(Duration::from_secs(10), write(&database, 2));
            next.await.unwrap().unwrap();
        }
        let twos: i64 = sqlx::query_scalar("SELECT count(*) FROM t WHERE id = 2")
            .fetch_one(database.reader())
            .await
            .unwrap();
        assert_eq!(twos, 11);
        database.close().await;
    });
}

async fn write(database: &Database, id: i64) -> Result<(), DatabaseError> {
    database
        .write(move |mut session: SessionGuard| async move {
            let insert = sqlx::query("INSERT INTO t (id) VALUES ($1)");
            insert.bind(id).execute(&mut *session).await?;
            Ok(())
        })
        .await
}
