//! The bound on a server that says nothing.
//!
//! `statement_timeout` is the server's to keep. One that stands still, or has gone without a word behind
//! a dead network, keeps nothing, and TCP may wait for hours. So where there is such a limit, an answer
//! that is not there soon after it is not waited for any longer, and the connection counts as lost.

use std::io;
use std::time::Duration;

use sqlx::Error;
use tokio::time::timeout;

use super::connection::Connection;

/// How long after its own limit a server that is alive may take to say that a statement has met it.
const GRACE: Duration = Duration::from_secs(5);

/// Counts the connections that were given up because the server did not answer.
const SILENT: &str = "twinbase_driver_silent_connections_total";

/// How long the next part of an answer is waited for; `None` is without limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience(Option<Duration>);

impl Patience {
    /// Waits for a part of an answer.
    ///
    /// # Errors
    /// Its own; an I/O error where it does not come, after which the connection is of no more use.
    pub(super) async fn wait<T>(
        self,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let Some(limit) = self.0 else {
            return answer.await;
        };
        match timeout(limit, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(silent(limit)),
        }
    }
}

fn silent(limit: Duration) -> Error {
    tracing::warn!(
        seconds = limit.as_secs_f64(),
        "the server has not answered, not even that its statement_timeout is over: the connection is given up"
    );
    metrics::counter!(SILENT, "engine" => "postgres").increment(1);
    let text = format!(
        "the server has not answered within {limit:?}, which is more than its statement_timeout: it hangs, \
         or the network has lost it"
    );
    io::Error::new(io::ErrorKind::TimedOut, text).into()
}

impl Connection {
    /// How patient to be with a statement that is sent now.
    pub(super) fn patience(&self) -> Patience {
        let limit = self
            .link
            .statement_timeout()
            .unwrap_or(self.statement_timeout);
        Patience((!limit.is_zero()).then(|| limit.saturating_add(GRACE)))
    }
}
