use std::time::{Duration, Instant};

use twinbase::config::Engine;
use twinbase::database::{DatabaseError, SessionGuard};
use twinbase::testing::run;

use super::{Bed, NAME, until};

/// A statement that takes minutes, on SQLite and on PostgreSQL.
pub(super) const SLOW: [&str; 2] = [
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 10000000000) SELECT max(x) FROM c",
    "SELECT CAST(pg_sleep(600) AS TEXT)",
];

/// How long what nobody waits for may go on: the pool gives it a tenth of a second, and stopping it takes
/// a connection to be opened.
const BOUND: Duration = Duration::from_secs(5);

twinbase::on_both_engines! {
    async fn what_runs_for_nobody_is_stopped(test: TestDatabase) {
        let bed = Bed::new(&test, Duration::from_millis(1), |config| {
            (config.pool_size, config.max_overflow) = (2, 0);
        })
        .await;
        bed.warm().await;
        let slow = SLOW[usize::from(bed.engine == Engine::Postgres)];
        for in_session in [false, true] {
            let start = Instant::now();
            if in_session {
                let mut session = bed.database.reader().session();
                let running = sqlx::query(slow).fetch_all(&mut session);
                assert!(tokio::time::timeout(Duration::from_millis(100), running).await.is_err());
            } else {
                let running = sqlx::query(slow).fetch_all(bed.database.reader());
                assert!(tokio::time::timeout(Duration::from_millis(100), running).await.is_err());
            }
            until("nothing runs", async || bed.nothing_is_open().await).await;
            assert!(start.elapsed() < BOUND, "{:?}", start.elapsed());
            bed.next_user().await;
        }
        bed.ends_whole().await;
    }

    async fn a_rollback_does_not_wait_for_a_statement_that_was_dropped(test: TestDatabase) {
        let bed = Bed::new(&test, Duration::from_millis(1), |config| {
            (config.pool_size, config.max_overflow) = (2, 0);
        })
        .await;
        bed.warm().await;
        let slow = SLOW[usize::from(bed.engine == Engine::Postgres)];
        let start = Instant::now();
        let mut session = bed.database.writer().session();
        let running = sqlx::query(slow).fetch_all(&mut session);
        assert!(tokio::time::timeout(Duration::from_millis(100), running).await.is_err());
        session.rollback().await.unwrap();
        // As where the work itself has lost patience.
        let work = |mut session: SessionGuard| async move {
            let running = sqlx::query(slow).fetch_all(&mut *session);
            match tokio::time::timeout(Duration::from_millis(100), running).await {
                Ok(_) => Ok(()),
                Err(_) => Err(DatabaseError::from(sqlx::Error::PoolTimedOut)),
            }
        };
        bed.database.writer().transaction(work).await.unwrap_err();
        assert!(start.elapsed() < BOUND, "{:?}", start.elapsed());
        until("nothing runs", async || bed.nothing_is_open().await).await;
        assert!(start.elapsed() < 2 * BOUND, "{:?}", start.elapsed());
        bed.next_user().await;
        bed.ends_whole().await;
    }
}

#[test]
fn it_is_stopped_on_the_server_and_not_only_left_alone() {
    // SQLite has no server: what its thread does is seen in the claim above.
    run(Engine::Postgres, |test| async move {
        let bed = Bed::new(&test, Duration::ZERO, |config| {
            (config.pool_size, config.max_overflow) = (1, 0);
        })
        .await;
        bed.warm().await;
        // A statement that holds a lock, for which others would wait.
        let holding = "WITH gone AS (DELETE FROM halves RETURNING batch) SELECT CAST(pg_sleep(600) AS TEXT) FROM gone";
        bed.next_user().await;
        let running = sqlx::query(holding).fetch_all(bed.database.writer());
        assert!(
            tokio::time::timeout(Duration::from_millis(200), running)
                .await
                .is_err()
        );
        let start = Instant::now();
        let running = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 \
                       AND datname = current_database() AND query LIKE 'WITH gone%' AND state <> 'idle'";
        until("the server runs it no more", async || {
            let running: i64 = sqlx::query_scalar(running)
                .bind(NAME)
                .fetch_one(bed.direct.reader())
                .await
                .unwrap();
            running == 0
        })
        .await;
        assert!(start.elapsed() < BOUND, "{:?}", start.elapsed());
        bed.next_user().await;
        bed.ends_whole().await;
    });
}
