//! Stops what still runs on a server for a caller that has gone.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{AnyConnection, Connection as _, Error};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::database::connect::{Connector, Purpose};
use crate::driver::link::Backend;

/// How long stopping one statement may take.
const LIMIT: Duration = Duration::from_secs(5);

/// How long the connection that was kept may take, before another is opened.
const KEPT_LIMIT: Duration = Duration::from_secs(1);

/// Cancels statements by the process that runs them, over a connection of its own.
///
/// sqlx keeps the key of PostgreSQL's cancel request to itself, so it takes a connection. It is opened
/// when it is first needed and kept: when the server has none left to give is when it is needed most.
#[derive(Debug)]
pub(super) struct Stopper {
    connector: Arc<Connector>,
    conn: Mutex<Option<AnyConnection>>,
}

impl Stopper {
    pub(super) fn new(connector: Arc<Connector>) -> Self {
        Self {
            connector,
            conn: Mutex::new(None),
        }
    }

    /// Stops what this process of the server runs. Where that can't be done, the server ends it by
    /// itself when it finds the connection closed.
    pub(super) async fn stop(&self, backend: Backend) {
        let outcome = timeout(LIMIT, self.try_stop(backend)).await;
        let failure = match outcome {
            Ok(Ok(())) => return,
            Ok(Err(failure)) => failure,
            Err(_) => format!("not done within {LIMIT:?}"),
        };
        metrics::counter!("twinbase_pool_statements_not_stopped_total").increment(1);
        tracing::warn!(
            backend = backend.pid,
            failure,
            "a statement whose caller has gone could not be stopped; the server ends it when it finds \
             the connection closed"
        );
    }

    async fn try_stop(&self, backend: Backend) -> Result<(), String> {
        let mut kept = self.conn.lock().await;
        // Taken out, so that one that fails or is dropped half-way is not used again.
        if let Some(mut conn) = kept.take() {
            match timeout(KEPT_LIMIT, cancel(&mut conn, backend)).await {
                Ok(Ok(())) => {
                    *kept = Some(conn);
                    return Ok(());
                }
                Ok(Err(error)) => {
                    tracing::debug!(%error, "the connection that stops statements is opened anew");
                }
                Err(_) => tracing::debug!(
                    "the connection that stops statements is silent, and opened anew"
                ),
            }
        }
        let (mut conn, _) = self
            .connector
            .open(Purpose::Probe { create: false })
            .await
            .map_err(|error| crate::telemetry::chain(&error))?;
        cancel(&mut conn, backend)
            .await
            .map_err(|error| crate::telemetry::chain(&error))?;
        *kept = Some(conn);
        Ok(())
    }

    pub(super) async fn close(&self) {
        if let Some(conn) = self.conn.lock().await.take()
            && let Ok(Err(error)) = timeout(LIMIT, conn.close()).await
        {
            tracing::debug!(%error, "the connection that stops statements was closed with an error");
        }
    }
}

/// The process is looked for by when it began as well: after a failover its number is another's.
const CANCEL: &str = "SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_catalog.pg_stat_activity \
     WHERE pid = $1 AND CAST(extract(epoch FROM backend_start) * 1000000 AS BIGINT) = $2";

async fn cancel(conn: &mut AnyConnection, backend: Backend) -> Result<(), Error> {
    let cancel = sqlx::query_scalar(CANCEL)
        .bind(backend.pid)
        .bind(backend.since);
    let stopped: Option<bool> = cancel.fetch_optional(conn).await?;
    if stopped == Some(true) {
        metrics::counter!("twinbase_pool_statements_stopped_total").increment(1);
    } else {
        tracing::debug!(
            pid = backend.pid,
            "the process that served a connection has gone by itself"
        );
    }
    Ok(())
}
