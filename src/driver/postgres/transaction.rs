//! Transactions that neither leak nor end the wrong one, and what a dropped future leaves behind.
//!
//! They are this driver's own, not `PgConnection`'s: SQLx rolls back the whole transaction when a
//! nested `begin` fails or is cancelled, and nothing at all when the outermost one is (mended after
//! 0.9.0 by transact-rs/sqlx#4394), and it takes a COMMIT for done that has rolled back.
//!
//! COMMIT of a transaction that has failed rolls back and says so in its command tag only, which SQLx
//! keeps to itself. So [`COMMIT`] is sent: any statement but COMMIT and ROLLBACK is an error there
//! (25P02), which ends the text before its COMMIT. It is one round trip all the same.
//!
//! A savepoint has a name that no other one of its transaction has had, so that a name never means an
//! older savepoint. RELEASE can't be repeated, and whether one was executed is not known when its
//! future is dropped. So a nested commit is a note that takes effect at once, and the RELEASE is
//! sent before the next statement, where nothing depends on it: a savepoint that is left goes with
//! the one around it.
//!
//! Dropping a future or a transaction can't send anything. It leaves a note, and [`settle`] does
//! what it says before the connection is used again; the pool's ping on return does so at once.
//!
//! [`settle`]: Connection::settle
//! [`COMMIT`]: self::COMMIT

use std::time::Duration;

use sqlx::{AssertSqlSafe, Error, Executor, SqlSafeStr, SqlStr};
use sqlx_core::transaction::TransactionManager;

use super::asked::Asked;
use super::connection::Connection;
use super::database::Database;
use super::outline::Outline;
use crate::driver::session_state::EndsTransaction;

/// Counts the transactions that a text of the program's own had begun and nothing ended.
const LEFT_OPEN: &str = "twinbase_driver_transactions_left_open_total";

/// Commits, or fails where the transaction has.
const COMMIT: &str = "SELECT 1; COMMIT";

/// What is known about the transaction of a connection.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the server's state"
)]
pub(super) struct TransactionState {
    /// Whether a transaction of the driver's is open.
    open: bool,
    /// The savepoints that are open inside the transaction, by their serial numbers.
    savepoints: Vec<u64>,
    /// The serial number of the transaction's latest savepoint, whether the server has it or not.
    last_savepoint: u64,
    /// The savepoint to go back to before anything else, after its transaction was dropped.
    pub(super) roll_back_to: Option<u64>,
    /// The savepoint that has done its work and is to be released before the next statement.
    pub(super) release: Option<u64>,
    /// Whether to roll back before anything else: a transaction was dropped, or a `begin` may have
    /// reached the server without anyone knowing.
    pub(super) roll_back: bool,
    /// Whether the last call was a `begin` that has not succeeded. SQLx then drops a transaction
    /// that was never there, which must not roll back the one around it.
    pub(super) begin_failed: bool,
    /// Whether a statement has failed since the transaction began, so that COMMIT may roll back.
    pub(super) may_have_failed: bool,
    /// Whether a text has begun a transaction that SQLx knows nothing of, and none has ended it.
    begun_by_text: bool,
}

impl Connection {
    pub(super) fn transaction_depth(&self) -> usize {
        usize::from(self.transaction.open) + self.transaction.savepoints.len()
    }

    pub(super) fn note_failed_statement(&mut self) {
        self.transaction.may_have_failed = true;
    }

    /// Notes what a text is about to do to the transaction, where the driver has begun none itself.
    ///
    /// # Errors
    /// [`EndsTransaction`] where it has, and the text would end it.
    pub(super) fn note_text(&mut self, outline: &Outline) -> Result<(), EndsTransaction> {
        if self.transaction.open && outline.ends() {
            return Err(EndsTransaction);
        }
        if outline.changes_session {
            self.link.note_session_change();
        }
        if outline.names_statement_timeout {
            // Whatever it was set to: this side knows of none until the connection's next use.
            self.link.set_statement_timeout(Some(Duration::ZERO));
        }
        if outline.begins() && self.transaction_depth() == 0 {
            self.transaction.begun_by_text = true;
        }
        Ok(())
    }

    /// Notes what a text has done to the transaction, all of it.
    pub(super) fn note_text_done(&mut self, outline: &Outline) {
        if let Some(open) = outline.leaves_open()
            && self.transaction_depth() == 0
        {
            self.transaction.begun_by_text = open;
        }
    }

    /// Rolls back what a failed text began. Its own error is what the caller wants to know, so a
    /// failure of this is only noted, and the roll-back tried again on release.
    pub(super) async fn undo_failed_text(&mut self, outline: &Outline) {
        if outline.begins()
            && let Err(error) = self.roll_back_text().await
        {
            tracing::warn!(%error, "could not roll back the transaction of a failed text");
        }
    }

    /// Rolls back a transaction that a text began, before the connection's next user is inside.
    pub(super) async fn roll_back_text(&mut self) -> Result<(), Error> {
        if self.is_inside_text() {
            Box::pin(self.roll_back_open_text()).await?;
        }
        Ok(())
    }

    /// Whether a transaction is open that a text began.
    pub(super) fn is_inside_text(&self) -> bool {
        self.transaction.begun_by_text && self.transaction_depth() == 0
    }

    async fn roll_back_open_text(&mut self) -> Result<(), Error> {
        tracing::warn!(
            "rolling back a transaction that a SQL text began and none ended: begin transactions \
             with the pool or the connection"
        );
        metrics::counter!(LEFT_OPEN, "engine" => "postgres").increment(1);
        self.run_control(SqlStr::from_static("ROLLBACK")).await?;
        self.transaction = TransactionState::default();
        Ok(())
    }

    pub(super) async fn begin_transaction(
        &mut self,
        statement: Option<SqlStr>,
    ) -> Result<(), Error> {
        // Stays set if this future fails or is dropped.
        self.transaction.begin_failed = true;
        if self.has_left_work() {
            self.do_left_work().await?;
        }
        if self.transaction_depth() == 0 {
            let begin = statement.unwrap_or(SqlStr::from_static("BEGIN"));
            if Outline::of(begin.as_str()).leaves_open() != Some(true) {
                return Err(Error::BeginFailed);
            }
            // Stays set if this future is dropped, and after an error: a statement of one's own
            // may have begun a transaction and failed after that.
            self.transaction.roll_back = true;
            self.run_control(begin).await?;
            self.transaction = TransactionState {
                open: true,
                ..TransactionState::default()
            };
        } else if statement.is_some() {
            return Err(Error::InvalidSavePointStatement);
        } else {
            // A dropped future may leave a savepoint that nobody knows of. It does nothing until
            // the transaction ends, and no other one gets its name.
            self.transaction.last_savepoint += 1;
            let serial = self.transaction.last_savepoint;
            self.run_control(savepoint("SAVEPOINT", serial)).await?;
            self.transaction.savepoints.push(serial);
            self.transaction.begin_failed = false;
        }
        Ok(())
    }

    pub(super) async fn commit_transaction(&mut self) -> Result<(), Error> {
        // It goes with the savepoint or the transaction around it, which ends here.
        self.transaction.release = None;
        self.settle().await?;
        if let Some(&serial) = self.transaction.savepoints.last() {
            if self.transaction.may_have_failed {
                self.run_control(SqlStr::from_static("SELECT 1")).await?;
            }
            self.transaction.savepoints.pop();
            self.transaction.release = Some(serial);
            return Ok(());
        }
        if self.transaction.open {
            let asked = Asked::now();
            self.in_flight = true;
            let patience = self.patience();
            let committed = self.inner.execute(sqlx::raw_sql(COMMIT));
            let committed = patience.wait(committed).await;
            self.in_flight = false;
            if let Err(error) = committed {
                self.note_error(&error);
                return Err(error);
            }
            self.note_answer(asked);
            self.transaction = TransactionState::default();
        }
        Ok(())
    }

    pub(super) async fn rollback_transaction(&mut self) -> Result<(), Error> {
        self.transaction.release = None;
        self.settle().await?;
        if let Some(&serial) = self.transaction.savepoints.last() {
            self.run_control(savepoint("ROLLBACK TO SAVEPOINT", serial))
                .await?;
            self.transaction.savepoints.pop();
            self.transaction.release = Some(serial);
            self.transaction.may_have_failed = false;
            return Ok(());
        }
        if self.transaction.open {
            self.run_control(SqlStr::from_static("ROLLBACK")).await?;
            self.transaction = TransactionState::default();
        }
        Ok(())
    }

    /// Notes that the innermost transaction was dropped, to be rolled back on the next use.
    pub(super) fn queue_rollback(&mut self) {
        if std::mem::take(&mut self.transaction.begin_failed) {
            return;
        }
        if let Some(serial) = self.transaction.savepoints.pop() {
            self.transaction.roll_back_to = Some(serial);
            self.transaction.release = None;
        } else {
            self.transaction = TransactionState {
                roll_back: self.transaction.open || self.transaction.roll_back,
                ..TransactionState::default()
            };
        }
    }

    /// Runs a statement of transaction control, which has no result.
    pub(super) async fn run_control(&mut self, sql: SqlStr) -> Result<(), Error> {
        let asked = Asked::now();
        self.in_flight = true;
        let patience = self.patience();
        let result = patience.wait(self.inner.execute(sql)).await;
        self.in_flight = false;
        match &result {
            Ok(_) => self.note_answer(asked),
            Err(error) => self.note_error(error),
        }
        result.map(drop)
    }
}

pub(super) fn savepoint(verb: &str, serial: u64) -> SqlStr {
    AssertSqlSafe(format!("{verb} twinbase_savepoint_{serial}")).into_sql_str()
}

/// [`TransactionManager`] of this driver; `Any` calls the connection itself.
#[derive(Debug)]
pub(super) struct Transactions;

impl TransactionManager for Transactions {
    type Database = Database;

    async fn begin(connection: &mut Connection, statement: Option<SqlStr>) -> Result<(), Error> {
        connection.begin_transaction(statement).await
    }

    async fn commit(connection: &mut Connection) -> Result<(), Error> {
        connection.commit_transaction().await
    }

    async fn rollback(connection: &mut Connection) -> Result<(), Error> {
        connection.rollback_transaction().await
    }

    fn start_rollback(connection: &mut Connection) {
        connection.queue_rollback();
    }

    fn get_transaction_depth(connection: &Connection) -> usize {
        connection.transaction_depth()
    }
}
