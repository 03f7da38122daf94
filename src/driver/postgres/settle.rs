//! What dropped futures and transactions left to do, done before the connection is used again.

use std::io;
use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Error, SqlStr};
use tokio::time::timeout;

use super::connection::Connection;
use super::transaction::savepoint;

/// How long a ping, which a pool sends on release, waits for the answer to a statement whose future
/// was dropped. A pool that closes waits for this; a new connection is had in a fraction of it.
const DISCARD_DEADLINE: Duration = Duration::from_secs(1);

/// Counts the connections that were given up because a dropped statement was still running.
const GIVEN_UP: &str = "twinbase_driver_connections_given_up_total";

impl Connection {
    pub(super) fn is_unsettled(&self) -> bool {
        self.in_flight
            || self.transaction.roll_back
            || self.transaction.roll_back_to.is_some()
            || self.is_inside_text()
    }

    /// The inner connection, with nothing of an earlier use left to do.
    pub(super) async fn settled(&mut self) -> Result<&mut PgConnection, Error> {
        self.settle().await?;
        Ok(&mut self.inner)
    }

    /// Does what dropped futures and transactions left to do. It may itself be dropped and called
    /// again: every step can be repeated.
    pub(super) async fn settle(&mut self) -> Result<(), Error> {
        if self.note_use() {
            // In a box, because it is rare, and room for it would make each use larger.
            Box::pin(self.do_left_work()).await?;
        }
        Ok(())
    }

    /// Notes a use that is no `begin`, and tells whether something is left to do before it.
    pub(super) fn note_use(&mut self) -> bool {
        self.transaction.begin_failed = false;
        self.has_left_work()
    }

    /// Whether dropped futures and transactions left something to do.
    pub(super) fn has_left_work(&self) -> bool {
        self.in_flight
            || self.transaction.roll_back
            || self.transaction.roll_back_to.is_some()
            || self.transaction.release.is_some()
    }

    /// Does what [`settle`](Self::settle) is for.
    pub(super) async fn do_left_work(&mut self) -> Result<(), Error> {
        self.forget_answer();
        if self.in_flight {
            self.discard_answers().await?;
            self.in_flight = false;
        }
        if self.transaction.roll_back {
            // Outside of a transaction ROLLBACK is only a warning. It may be sent again.
            self.run_control(SqlStr::from_static("ROLLBACK")).await?;
            self.transaction.roll_back = false;
        }
        if let Some(serial) = self.transaction.roll_back_to {
            self.run_control(savepoint("ROLLBACK TO SAVEPOINT", serial))
                .await?;
            self.transaction.roll_back_to = None;
            self.transaction.release = Some(serial);
            self.transaction.may_have_failed = false;
        }
        // Taken before it is sent, because it is the one step that can't be repeated.
        if let Some(serial) = self.transaction.release.take() {
            self.run_control(savepoint("RELEASE SAVEPOINT", serial))
                .await?;
        }
        Ok(())
    }

    /// Reads the answers to a statement whose future was dropped. SQLx would give its error to
    /// whoever comes next.
    async fn discard_answers(&mut self) -> Result<(), Error> {
        loop {
            let patience = self.patience();
            match patience.wait(self.inner.flush()).await {
                Ok(()) => return Ok(()),
                Err(Error::Database(error)) => {
                    tracing::debug!(
                        code = error.code().as_deref().unwrap_or_default(),
                        "discarded the error of a statement whose future was dropped"
                    );
                    self.note_failed_statement();
                }
                Err(error) => {
                    self.note_error(&error);
                    return Err(error);
                }
            }
        }
    }

    /// Settles, unless a statement whose future was dropped keeps the server busy: then the
    /// connection is not worth the wait.
    pub(super) async fn settle_soon(&mut self) -> Result<(), Error> {
        if !self.note_use() {
            return Ok(());
        }
        // In a box, because it is rare, and room for it would make each ping larger.
        let work = Box::pin(timeout(DISCARD_DEADLINE, self.do_left_work()));
        if let Ok(settled) = work.await {
            return settled;
        }
        self.broken = true;
        tracing::warn!(
            deadline_seconds = DISCARD_DEADLINE.as_secs(),
            "giving up a connection: a statement whose future was dropped is still running"
        );
        metrics::counter!(GIVEN_UP, "engine" => "postgres").increment(1);
        Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "a statement whose future was dropped is still running on this connection",
        )
        .into())
    }
}
