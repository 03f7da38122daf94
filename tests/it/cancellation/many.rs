use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use twinbase::config::Engine;
use twinbase::database::{DatabaseError, SessionGuard};

use super::stopped::SLOW;
use super::{Bed, Cut, INSERT_BOTH, both, cut};

/// The operations that are dropped, on each engine.
const CANCELLATIONS: usize = 20_000;
const TASKS: u64 = 32;

/// Numbers at random, the same in each run: Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn cut(&mut self) -> Cut {
        Cut {
            polls: 1 + usize::try_from(self.below(6)).unwrap(),
            late: self.below(2) == 0,
        }
    }
}

async fn insert(mut session: SessionGuard, batch: i64) -> Result<(), DatabaseError> {
    both(&mut session, batch).await
}

impl Bed {
    /// One operation, perhaps dropped; whether it was.
    async fn something(&self, random: &mut Random) -> bool {
        let (database, batch, at) = (&self.database, self.batch(), random.cut());
        let done = match random.below(200) {
            0..50 => cut(at, database.write(move |session| insert(session, batch))).await,
            50..90 => {
                cut(
                    at,
                    database
                        .writer()
                        .transaction(move |session| insert(session, batch)),
                )
                .await
            }
            90..120 => {
                let statement = sqlx::query(INSERT_BOTH).bind(batch);
                let execute = async { Ok(statement.execute(database.writer()).await.map(drop)?) };
                cut(at, execute).await
            }
            120..150 => {
                cut(at, async {
                    let mut session = database.writer().session();
                    both(&mut session, batch).await?;
                    let mut part = session.savepoint().await?;
                    sqlx::query("DELETE FROM halves WHERE batch = $1")
                        .bind(batch)
                        .execute(&mut *part)
                        .await?;
                    part.rollback().await?;
                    session.commit().await
                })
                .await
            }
            150..170 => {
                self.never(batch);
                let work = cut(at, async {
                    let mut session = database.writer().session();
                    both(&mut session, batch).await?;
                    session.rollback().await
                })
                .await;
                return self.is_dropped(work.as_ref());
            }
            170..199 => {
                let fetch = sqlx::query("SELECT * FROM halves WHERE batch >= $1").bind(batch - 100);
                let read = async { Ok(fetch.fetch_all(database.reader()).await.map(drop)?) };
                return self.is_dropped(cut(at, read).await.as_ref());
            }
            _ => {
                let engine = usize::from(self.engine == Engine::Postgres);
                let running = sqlx::query(SLOW[engine]).fetch_all(database.reader());
                let soon = Duration::from_millis(random.below(10));
                return tokio::time::timeout(soon, running).await.is_err();
            }
        };
        let dropped = self.is_dropped(done.as_ref());
        if !dropped {
            self.acknowledge(batch);
        }
        dropped
    }

    /// Nobody else's operation fails by those that were dropped.
    fn is_dropped(&self, done: Option<&Result<(), DatabaseError>>) -> bool {
        if let Some(Err(error)) = done {
            panic!("{error}: {error:?} {:?}", self.database.pool_status());
        }
        done.is_none()
    }
}

twinbase::on_both_engines! {
    async fn twenty_thousand_dropped_operations_leave_no_trace(test: TestDatabase) {
        let bed = Bed::new(&test, Duration::ZERO, |config| {
            (config.pool_size, config.max_overflow) = (8, 4);
            config.shed_target = Duration::ZERO;
        })
        .await;
        bed.warm().await;
        let bed = Arc::new(bed);
        let dropped = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (1..=TASKS)
            .map(|seed| {
                let (bed, dropped) = (Arc::clone(&bed), Arc::clone(&dropped));
                tokio::spawn(async move {
                    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
                    while dropped.load(Ordering::Relaxed) < CANCELLATIONS {
                        if bed.something(&mut random).await {
                            dropped.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        bed.next_user().await;
        let acknowledged = bed.ledger.acknowledged.lock().unwrap().len();
        assert!(acknowledged > 1000, "{acknowledged} got to their end");
        Arc::into_inner(bed).unwrap().ends_whole().await;
    }
}
