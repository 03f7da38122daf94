//! The pool: so many connections kept, so many more for a peak, old and dead ones replaced.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::AnyPool;
use sqlx::pool::PoolOptions;

use super::DatabaseError;
use super::alive;
use super::connect::{Connector, Purpose};
use super::generation::Generation;
use crate::config::DatabaseConfig;

/// What the plain pool is called in the metrics.
const POOL: &str = "any";

/// Builds the pool without opening a connection.
///
/// sqlx's own reaper is given nothing to do (its count of idle connections can underflow,
/// transact-rs/sqlx#3645): connections are recycled and tested in the hooks, at checkout.
pub(super) fn build(
    config: &DatabaseConfig,
    connector: &Connector,
    generation: Generation,
) -> Result<(AnyPool, Release), DatabaseError> {
    let options = connector
        .options(Purpose::Work)
        .map_err(|error| connector.explain(error))?;
    let kept = config.pool_size;
    let recycle = config.recycle;
    let pre_ping = config.pre_ping;
    let always = config.pre_ping_idle.is_zero();
    let engine = connector.target().engine();
    let ping_timeout = config.connect_timeout;
    let overflow = Overflow::default();
    let release = Release(overflow.clone());
    let own = overflow.clone();
    let pool = PoolOptions::new()
        .min_connections(0)
        .max_connections(kept.saturating_add(config.max_overflow))
        .acquire_timeout(config.acquire_timeout)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_connect(|_, _| {
            metrics::counter!("twinbase_pool_connects_total", "pool" => POOL).increment(1);
            Box::pin(async { Ok(()) })
        })
        .before_acquire(move |conn, meta| {
            let over = generation.is_over(meta.age);
            let generation = generation.clone();
            Box::pin(async move {
                if over || (!recycle.is_zero() && meta.age >= recycle) {
                    tracing::debug!(age_s = meta.age.as_secs(), "connection recycled");
                    metrics::counter!("twinbase_pool_recycled_total", "pool" => POOL).increment(1);
                    return Ok(false);
                }
                if !pre_ping {
                    return Ok(true);
                }
                let asked = async {
                    if always {
                        alive::ask(conn, engine).await
                    } else {
                        sqlx::Connection::ping(conn).await
                    }
                };
                let alive = matches!(tokio::time::timeout(ping_timeout, asked).await, Ok(Ok(())));
                if !alive {
                    tracing::info!("a pooled connection had died; all of its age are replaced");
                    metrics::counter!("twinbase_pool_dropped_by_ping_total", "pool" => POOL)
                        .increment(1);
                    generation.retire();
                }
                Ok(alive)
            })
        })
        .after_release(move |_, _| {
            let keep = overflow.keeps(kept);
            Box::pin(async move { Ok(keep) })
        })
        .connect_lazy_with(options);
    own.watch(pool.clone());
    Ok((pool, release))
}

impl DatabaseConfig {
    /// Builds the pool that this configuration describes, without opening a connection.
    ///
    /// It has Twinbase's drivers and the configured sizes, time-outs, recycling and pre-ping; on SQLite
    /// its `begin` is `BEGIN IMMEDIATE`, so that a transaction can't fail half way because another one
    /// wrote. It has no lanes, and nothing else of what [`Database`](super::Database) adds. Close it when done: its hooks
    /// keep it alive until then.
    ///
    /// # Errors
    /// As [`Database::new`](super::Database::new).
    pub fn pool(&self) -> Result<AnyPool, DatabaseError> {
        let connector = Connector::new(self)?;
        let (pool, release) = build(self, &connector, Generation::default())?;
        release.never();
        Ok(pool)
    }
}

/// Decides, as connections come back, which were overflow.
///
/// It holds the pool whose hook it is in: [`Release`] ends that.
#[derive(Debug, Clone, Default)]
struct Overflow(Arc<Mutex<Leaving>>);

/// The connections that were told to go and are not gone yet: the pool still counts them.
#[derive(Debug, Default)]
struct Leaving {
    pool: Option<AnyPool>,
    count: u32,
    size_seen: u32,
    last: Option<Instant>,
}

/// By then a connection that was told to go is closed, and the pool's own count has it.
const GONE: Duration = Duration::from_secs(1);

impl Overflow {
    fn watch(&self, pool: AnyPool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pool = Some(pool);
    }

    fn keeps(&self, kept: u32) -> bool {
        let mut leaving = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(size) = leaving.pool.as_ref().map(AnyPool::size) else {
            return true;
        };
        let gone = leaving.size_seen.saturating_sub(size);
        leaving.count = leaving.count.saturating_sub(gone);
        if leaving.last.is_none_or(|last| last.elapsed() > GONE) {
            leaving.count = 0;
        }
        leaving.size_seen = size;
        let keep = size.saturating_sub(leaving.count) <= kept;
        if !keep {
            leaving.count += 1;
            leaving.last = Some(Instant::now());
        }
        keep
    }
}

/// Lets go of the pool when dropped: the hooks of a pool that nobody holds must not keep it alive.
#[derive(Debug)]
pub(super) struct Release(Overflow);

impl Release {
    /// For a pool that is handed out by itself, and lives until it is closed.
    pub(super) fn never(self) {
        std::mem::forget(self);
    }
}

impl Drop for Release {
    fn drop(&mut self) {
        // Taken out first: the pool's own drop comes back here.
        let pool = self
            .0
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pool
            .take();
        drop(pool);
    }
}
