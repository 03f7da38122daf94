//! Stops what still runs on a server for a caller that has gone.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{AnyConnection, Connection as _, Error};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::database::connect::{Connector, Purpose};

/// How long stopping one statement may take.
const LIMIT: Duration = Duration::from_secs(5);

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
    pub(super) async fn stop(&self, backend: i32) {
        let outcome = timeout(LIMIT, self.try_stop(backend)).await;
        let failure = match outcome {
            Ok(Ok(())) => {
                metrics::counter!("twinbase_pool_statements_stopped_total").increment(1);
                return;
            }
            Ok(Err(failure)) => failure,
            Err(_) => format!("not done within {LIMIT:?}"),
        };
        metrics::counter!("twinbase_pool_statements_not_stopped_total").increment(1);
        tracing::warn!(
            backend,
            failure,
            "a statement whose caller has gone could not be stopped; the server ends it when it finds \
             the connection closed"
        );
    }

    async fn try_stop(&self, backend: i32) -> Result<(), String> {
        let mut kept = self.conn.lock().await;
        // Taken out, so that one that fails or is dropped half-way is not used again.
        if let Some(mut conn) = kept.take() {
            match cancel(&mut conn, backend).await {
                Ok(()) => {
                    *kept = Some(conn);
                    return Ok(());
                }
                Err(error) => {
                    tracing::debug!(%error, "the connection that stops statements is opened anew");
                }
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

async fn cancel(conn: &mut AnyConnection, backend: i32) -> Result<(), Error> {
    sqlx::query("SELECT pg_cancel_backend($1)")
        .bind(backend)
        .execute(conn)
        .await?;
    Ok(())
}
