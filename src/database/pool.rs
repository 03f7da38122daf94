//! The pool: so many connections kept, so many more for a peak, old and dead ones replaced.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::AnyPool;
use sqlx::pool::PoolOptions;

use super::DatabaseError;
use super::connect::{Connector, Purpose};
use crate::config::DatabaseConfig;

/// Builds the pool without opening a connection.
///
/// sqlx's own reaper is given nothing to do (its count of idle connections can underflow,
/// transact-rs/sqlx#3645): connections are recycled and tested in the hooks, at checkout.
pub(super) fn build(
    config: &DatabaseConfig,
    connector: &Connector,
) -> Result<AnyPool, DatabaseError> {
    let options = connector
        .options(Purpose::Work)
        .map_err(|error| connector.explain(error))?;
    let kept = config.pool_size;
    let recycle = config.recycle;
    let pre_ping = config.pre_ping;
    let ping_timeout = config.connect_timeout;
    // Connections at rest, counted exactly: only the hooks put them to rest and wake them.
    let idle = Arc::new(AtomicU32::new(0));
    let woken = Arc::clone(&idle);
    Ok(PoolOptions::new()
        .min_connections(0)
        .max_connections(kept.saturating_add(config.max_overflow))
        .acquire_timeout(config.acquire_timeout)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_connect(|_, _| {
            metrics::counter!("twinbase_pool_connects_total").increment(1);
            Box::pin(async { Ok(()) })
        })
        .before_acquire(move |conn, meta| {
            woken.fetch_sub(1, Ordering::Relaxed);
            Box::pin(async move {
                if !recycle.is_zero() && meta.age >= recycle {
                    tracing::debug!(age_s = meta.age.as_secs(), "connection recycled");
                    metrics::counter!("twinbase_pool_recycled_total").increment(1);
                    return Ok(false);
                }
                if !pre_ping {
                    return Ok(true);
                }
                let ping = sqlx::Connection::ping(conn);
                let alive = matches!(tokio::time::timeout(ping_timeout, ping).await, Ok(Ok(())));
                if !alive {
                    tracing::info!("a pooled connection had died; it is replaced");
                    metrics::counter!("twinbase_pool_dropped_by_ping_total").increment(1);
                }
                Ok(alive)
            })
        })
        .after_release(move |conn, _| {
            let idle = Arc::clone(&idle);
            Box::pin(async move {
                // A dropped transaction is rolled back here. sqlx pings after this hook, too late for
                // the count.
                if let Err(error) = sqlx::Connection::ping(conn).await {
                    tracing::debug!(error = %error, "a connection came back broken; it is closed");
                    return Ok(false);
                }
                let room = idle.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |idle| {
                    (idle < kept).then_some(idle + 1)
                });
                Ok(room.is_ok())
            })
        })
        .connect_lazy_with(options))
}
