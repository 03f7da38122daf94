/// Each operation, dropped after each number of polls.
mod each_poll;
/// Waiters that go while the pool closes, and runtimes that end under everybody.
mod endings;
/// Twenty thousand operations dropped at random, by many tasks at once.
mod many;
/// A statement that still runs when its caller has gone.
mod stopped;

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use sqlx::Executor as _;
use twinbase::config::{DatabaseConfig, Engine};
use twinbase::database::{Database, DatabaseError, PoolStatus, Session};
use twinbase::testing::{Proxy, TestDatabase};

/// The database under test, behind a slow network where it has one, and another way to look at it.
struct Bed {
    engine: Engine,
    database: Database,
    direct: Database,
    _proxy: Option<Proxy>,
    recorder: PrometheusRecorder,
    metrics: PrometheusHandle,
    ledger: Ledger,
}

/// What the writers were told.
#[derive(Default)]
struct Ledger {
    next: AtomicI64,
    acknowledged: Mutex<BTreeSet<i64>>,
    /// Those whose commit was never asked for.
    never: Mutex<BTreeSet<i64>>,
}

/// The name under which the server knows the connections under test.
const NAME: &str = "under test";

const INSERT: &str = "INSERT INTO halves (batch, half) VALUES ($1, $2)";
const INSERT_BOTH: &str = "INSERT INTO halves (batch, half) VALUES ($1, 1), ($1, 2)";

impl Bed {
    async fn new(
        test: &TestDatabase,
        delay: Duration,
        set: impl FnOnce(&mut DatabaseConfig),
    ) -> Self {
        let direct = Database::new(&DatabaseConfig {
            sqlite_busy_timeout: Duration::ZERO,
            ..test.config()
        })
        .unwrap();
        // No key: a row that is written twice is to be seen, not refused.
        let table = "CREATE TABLE halves (batch BIGINT NOT NULL, half BIGINT NOT NULL)";
        sqlx::query(table).execute(direct.writer()).await.unwrap();
        let mut config = test.config();
        let mut network = None;
        if test.engine() == Engine::Postgres {
            let (proxy, url) = test.through_proxy().await;
            proxy.delay(delay);
            config.url = Some(url.parse().unwrap());
            network = Some(proxy);
        }
        NAME.clone_into(&mut config.application_name);
        config.sqlite_synchronous = twinbase::config::Synchronous::Normal;
        set(&mut config);
        let recorder = PrometheusBuilder::new().build_recorder();
        Self {
            engine: test.engine(),
            database: Database::new(&config).unwrap(),
            direct,
            _proxy: network,
            metrics: recorder.handle(),
            recorder,
            ledger: Ledger::default(),
        }
    }

    /// Warms both lanes up. A pool's figures go for good to the recorder that sees the first of them.
    async fn warm(&self) {
        let mut warming = pin!(async {
            for lane in [self.database.reader(), self.database.writer()] {
                sqlx::query("SELECT 1").fetch_one(lane).await.unwrap();
            }
        });
        poll_fn(|context| {
            metrics::with_local_recorder(&self.recorder, || warming.as_mut().poll(context))
        })
        .await;
    }

    /// A number for a transaction of two rows.
    fn batch(&self) -> i64 {
        self.ledger.next.fetch_add(1, Ordering::Relaxed)
    }

    fn acknowledge(&self, batch: i64) {
        assert!(self.ledger.acknowledged.lock().unwrap().insert(batch));
    }

    /// Takes note that this one must not be there.
    fn never(&self, batch: i64) {
        self.ledger.never.lock().unwrap().insert(batch);
    }

    /// Whoever comes next is served soon, and what it is told is true.
    async fn next_user(&self) {
        let start = Instant::now();
        let batch = self.batch();
        let mut session = self.database.writer().session();
        both(&mut session, batch).await.unwrap();
        session.commit().await.unwrap();
        self.acknowledge(batch);
        let reader = self.database.reader();
        sqlx::query("SELECT 1").fetch_one(reader).await.unwrap();
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "{:?}",
            start.elapsed()
        );
    }

    /// Everything is as if nothing had been dropped.
    async fn ends_whole(self) {
        let strength = |pool: &PoolStatus| {
            pool.size == pool.idle && (pool.in_use, pool.waiting, pool.overflow) == (0, 0, 0)
        };
        until("the pool is at full strength", async || {
            self.database.pool_status().iter().all(strength)
        })
        .await;
        for pool in self.database.pool_status() {
            self.metrics_agree(&pool);
        }
        until("no transaction is open", async || {
            self.nothing_is_open().await
        })
        .await;
        let rows: Vec<(i64, i64)> = sqlx::query_as("SELECT batch, half FROM halves")
            .fetch_all(self.direct.reader())
            .await
            .unwrap();
        let mut stored: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (batch, half) in rows {
            stored.entry(batch).or_default().push(half);
        }
        for (batch, halves) in &mut stored {
            halves.sort_unstable();
            assert_eq!(halves, &[1, 2], "batch {batch} is there whole and once");
        }
        let acknowledged = self.ledger.acknowledged.into_inner().unwrap();
        let lost: Vec<_> = acknowledged
            .iter()
            .filter(|batch| !stored.contains_key(batch))
            .collect();
        assert!(lost.is_empty(), "acknowledged and not there: {lost:?}");
        let never = self.ledger.never.into_inner().unwrap();
        let undead: Vec<_> = never
            .iter()
            .filter(|batch| stored.contains_key(batch))
            .collect();
        assert!(undead.is_empty(), "never committed and there: {undead:?}");
        self.database.close().await;
        self.direct.close().await;
    }

    fn metrics_agree(&self, pool: &PoolStatus) {
        let rendered = self.metrics.render();
        let metric = |name: &str| {
            let start = format!("twinbase_pool_{name}{{pool=\"{}\"}} ", pool.name);
            let line = rendered.lines().find_map(|line| line.strip_prefix(&start));
            line.map_or(0.0, |value| value.parse().unwrap())
        };
        #[expect(clippy::cast_precision_loss, reason = "they are small")]
        for (name, number) in [
            ("size", pool.size as f64),
            ("idle", pool.idle as f64),
            ("in_use", 0.0),
            ("waiting", 0.0),
            ("overflow", 0.0),
            ("acquired_total", pool.acquired as f64),
            ("connects_total", pool.connects as f64),
            ("put_in_order_total", pool.put_in_order as f64),
            ("discarded_total", pool.discarded as f64),
            ("timeouts_total", pool.timeouts as f64),
        ] {
            assert!(
                (metric(name) - number).abs() < 0.5,
                "{name} is {} and {number}:\n{rendered}",
                metric(name)
            );
        }
    }

    /// Whether no connection under test is inside of a transaction or runs a statement.
    async fn nothing_is_open(&self) -> bool {
        if self.engine == Engine::Postgres {
            let busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                        AND application_name = $1 AND state <> 'idle'";
            let busy: i64 = sqlx::query_scalar(busy)
                .bind(NAME)
                .fetch_one(self.direct.reader())
                .await
                .unwrap();
            return busy == 0;
        }
        // The write lock is free, and no reader keeps the log from being cut to nothing.
        let mut lease = self.direct.writer().acquire().await.unwrap();
        let locked = lease.execute(sqlx::raw_sql("BEGIN IMMEDIATE")).await;
        if locked.is_err() {
            return false;
        }
        lease.execute(sqlx::raw_sql("ROLLBACK")).await.unwrap();
        let checkpoint = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)");
        let (busy, _, _): (i64, i64, i64) = checkpoint.fetch_one(&mut *lease).await.unwrap();
        busy == 0
    }
}

async fn both(session: &mut Session, batch: i64) -> Result<(), DatabaseError> {
    for half in 1..=2_i64 {
        let insert = sqlx::query(INSERT).bind(batch).bind(half);
        insert.execute(&mut *session).await?;
    }
    Ok(())
}

/// When a future is dropped.
#[derive(Debug, Clone, Copy)]
struct Cut {
    /// After so many polls.
    polls: usize,
    /// Not at once, but when it is woken again: what it waits for has happened, and it has not seen it.
    late: bool,
}

/// Polls a future until it is done, or as often as the cut says, and drops it.
async fn cut<F: Future>(at: Cut, future: F) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut polls = 0;
    poll_fn(|context| {
        if polls == at.polls {
            return Poll::Ready(None);
        }
        polls += 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if polls == at.polls && !at.late => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Waits until the condition holds, for some seconds.
async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition().await {
        assert!(Instant::now() < deadline, "{what}: not within 20 s");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
