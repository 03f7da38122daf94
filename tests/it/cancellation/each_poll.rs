use std::time::Duration;

use sqlx::Executor as _;
use twinbase::config::DatabaseConfig;
use twinbase::database::{DatabaseError, Session, SessionGuard};
use twinbase::testing::TestDatabase;

use super::{Bed, Cut, INSERT, INSERT_BOTH, both, cut};

/// More polls than any of the operations takes.
const MANY: usize = 200;

/// Makes an attempt with each number of polls until it gets to its end, and has another user come after
/// each. The attempt says whether it got there.
async fn at_every_poll(bed: &Bed, attempt: impl AsyncFn(Cut) -> bool) {
    for polls in 1..MANY {
        let mut done = true;
        for late in [false, true] {
            done &= attempt(Cut { polls, late }).await;
            bed.next_user().await;
        }
        if done {
            assert!(
                polls > 1 || bed.engine == twinbase::config::Engine::Sqlite,
                "nothing was dropped"
            );
            return;
        }
    }
    panic!("not done after {MANY} polls");
}

async fn bed(test: &TestDatabase) -> Bed {
    bed_with(test, |_| {}).await
}

async fn bed_with(test: &TestDatabase, set: impl FnOnce(&mut DatabaseConfig)) -> Bed {
    let bed = Bed::new(test, Duration::from_millis(1), |config| {
        (config.pool_size, config.max_overflow) = (2, 1);
        set(config);
    })
    .await;
    bed.warm().await;
    bed
}

async fn half(session: &mut Session, batch: i64, half: i64) -> Result<(), DatabaseError> {
    let insert = sqlx::query(INSERT).bind(batch).bind(half);
    insert.execute(session).await?;
    Ok(())
}

async fn insert(mut session: SessionGuard, batch: i64) -> Result<(), DatabaseError> {
    both(&mut session, batch).await
}

twinbase::on_both_engines! {
    async fn a_dropped_acquire_loses_no_connection(test: TestDatabase) {
        // Each of them is tested, so that there is something to wait for.
        let bed = bed_with(&test, |config| config.pre_ping_idle = Duration::ZERO).await;
        at_every_poll(&bed, async |at| {
            let writes = cut(at, bed.database.writer().acquire()).await;
            let reads = cut(at, bed.database.reader().acquire()).await;
            writes.is_some() && reads.is_some()
        })
        .await;
        bed.ends_whole().await;
    }

    async fn a_dropped_connect_loses_no_place(test: TestDatabase) {
        let bed = bed(&test).await;
        at_every_poll(&bed, async |at| {
            // Whoever holds these has the next one open a connection, or wait.
            let held = [bed.database.reader().acquire().await, bed.database.reader().acquire().await];
            let third = cut(at, bed.database.reader().acquire()).await;
            let fourth = cut(Cut { polls: 1, late: false }, bed.database.reader().acquire()).await;
            assert!(fourth.is_none() || third.is_none(), "there are three");
            drop(held);
            third.is_some()
        })
        .await;
        bed.ends_whole().await;
    }

    async fn a_dropped_first_statement_leaves_nothing(test: TestDatabase) {
        let bed = bed(&test).await;
        at_every_poll(&bed, async |at| {
            let batch = bed.batch();
            bed.never(batch);
            let mut session = bed.database.writer().session();
            cut(at, half(&mut session, batch, 1)).await.is_some()
        })
        .await;
        bed.ends_whole().await;
    }

    async fn a_dropped_savepoint_leaves_its_session_alone(test: TestDatabase) {
        let bed = bed(&test).await;
        at_every_poll(&bed, async |at| {
            let batch = bed.batch();
            let mut session = bed.database.writer().session();
            half(&mut session, batch, 1).await.unwrap();
            let done = cut(at, session.savepoint()).await.is_some();
            half(&mut session, batch, 2).await.unwrap();
            session.commit().await.unwrap();
            bed.acknowledge(batch);
            // And one that is dropped right behind it.
            let batch = bed.batch();
            bed.never(batch);
            let mut session = bed.database.writer().session();
            half(&mut session, batch, 1).await.unwrap();
            cut(at, session.savepoint()).await.is_some() && done
        })
        .await;
        // None of that has cost a connection.
        for pool in bed.database.pool_status() {
            assert_eq!((pool.discarded, usize::try_from(pool.connects).unwrap()), (0, pool.size), "{pool:?}");
        }
        bed.ends_whole().await;
    }

    async fn a_dropped_release_or_rollback_of_a_savepoint_leaves_its_session_alone(test: TestDatabase) {
        let bed = bed(&test).await;
        at_every_poll(&bed, async |at| {
            let mut done = true;
            for releases in [true, false] {
                let (batch, inner) = (bed.batch(), bed.batch());
                let mut session = bed.database.writer().session();
                half(&mut session, batch, 1).await.unwrap();
                let mut part = session.savepoint().await.unwrap();
                both(&mut part, inner).await.unwrap();
                if releases {
                    let released = cut(at, part.release()).await;
                    done &= released.is_some();
                } else {
                    done &= cut(at, part.rollback()).await.is_some();
                    bed.never(inner);
                }
                half(&mut session, batch, 2).await.unwrap();
                session.commit().await.unwrap();
                bed.acknowledge(batch);
            }
            done
        })
        .await;
        bed.ends_whole().await;
    }

    async fn a_session_with_a_dropped_statement_leaves_nothing(test: TestDatabase) {
        let bed = bed(&test).await;
        at_every_poll(&bed, async |at| {
            let batch = bed.batch();
            bed.never(batch);
            let mut session = bed.database.writer().session();
            half(&mut session, batch, 1).await.unwrap();
            cut(at, half(&mut session, batch, 2)).await.is_some()
        })
        .await;
        bed.ends_whole().await;
    }

    async fn a_dropped_statement_of_a_lane_is_done_whole_or_not_at_all(test: TestDatabase) {
        let bed = bed(&test).await;
        at_every_poll(&bed, async |at| {
            let batch = bed.batch();
            let insert = sqlx::query(INSERT_BOTH).bind(batch);
            let done = cut(at, insert.execute(bed.database.writer())).await;
            if let Some(result) = &done {
                assert_eq!(result.as_ref().unwrap().rows_affected(), 2);
                bed.acknowledge(batch);
            }
            done.is_some()
        })
        .await;
        bed.ends_whole().await;
    }

    async fn a_dropped_fetch_costs_the_next_nothing(test: TestDatabase) {
        let bed = bed(&test).await;
        let rows = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 2000) \
                    SELECT CAST(x AS BIGINT) FROM c WHERE x <> $1";
        at_every_poll(&bed, async |at| {
            let fetch = sqlx::query_scalar::<_, i64>(rows).bind(0_i64);
            let fetched = cut(at, fetch.fetch_all(bed.database.reader())).await;
            if let Some(rows) = &fetched {
                assert_eq!(rows.as_ref().unwrap().len(), 2000);
            }
            // In a session too, which goes on.
            let mut session = bed.database.reader().session();
            session.execute("SELECT 1").await.unwrap();
            let fetch = sqlx::query_scalar::<_, i64>(rows).bind(0_i64);
            let done = cut(at, fetch.fetch_all(&mut session)).await.is_some();
            let one: i64 = sqlx::query_scalar("SELECT CAST(1 AS BIGINT)").fetch_one(&mut session).await.unwrap();
            assert_eq!(one, 1);
            session.commit().await.unwrap();
            fetched.is_some() && done
        })
        .await;
        bed.ends_whole().await;
    }

    async fn a_dropped_commit_is_done_whole_or_not_at_all(test: TestDatabase) {
        let bed = bed(&test).await;
        at_every_poll(&bed, async |at| {
            let batch = bed.batch();
            let mut session = bed.database.writer().session();
            both(&mut session, batch).await.unwrap();
            let done = cut(at, session.commit()).await;
            if let Some(result) = &done {
                result.as_ref().unwrap();
                bed.acknowledge(batch);
            }
            done.is_some()
        })
        .await;
        bed.ends_whole().await;
    }

    async fn a_dropped_rollback_leaves_nothing(test: TestDatabase) {
        let bed = bed(&test).await;
        at_every_poll(&bed, async |at| {
            let batch = bed.batch();
            bed.never(batch);
            let mut session = bed.database.writer().session();
            both(&mut session, batch).await.unwrap();
            cut(at, session.rollback()).await.is_some()
        })
        .await;
        bed.ends_whole().await;
    }

    async fn a_statement_that_the_work_itself_drops_has_nothing_written_twice(test: TestDatabase) {
        let bed = bed(&test).await;
        at_every_poll(&bed, async |at| {
            let batch = bed.batch();
            let done = &std::sync::atomic::AtomicBool::new(false);
            let work = move |mut session: SessionGuard| async move {
                let first = cut(at, sqlx::query("SELECT 1").fetch_one(&mut *session)).await;
                done.store(first.is_some(), std::sync::atomic::Ordering::Relaxed);
                both(&mut session, batch).await
            };
            bed.database.write(work).await.unwrap();
            bed.acknowledge(batch);
            done.load(std::sync::atomic::Ordering::Relaxed)
        })
        .await;
        bed.ends_whole().await;
    }

    async fn a_dropped_transaction_or_write_is_done_whole_or_not_at_all(test: TestDatabase) {
        let bed = bed(&test).await;
        at_every_poll(&bed, async |at| {
            let (one, other) = (bed.batch(), bed.batch());
            let first = cut(at, bed.database.writer().transaction(move |session| insert(session, one))).await;
            let second = cut(at, bed.database.write(move |session| insert(session, other))).await;
            for (batch, result) in [(one, &first), (other, &second)] {
                if let Some(result) = result {
                    result.as_ref().unwrap();
                    bed.acknowledge(batch);
                }
            }
            first.is_some() && second.is_some()
        })
        .await;
        bed.ends_whole().await;
    }
}
