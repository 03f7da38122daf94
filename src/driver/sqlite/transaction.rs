//! Transactions and savepoints.

use super::connection::SqliteConnection;
use super::database::Sqlite;
use super::engine::Engine;
use super::error::SqliteError;
use super::violation::Culprit;
use sqlx_core::Error;
use sqlx_core::any::AnyConnectionBackend;
use sqlx_core::sql_str::SqlStr;
use sqlx_core::transaction::TransactionManager;
use std::future::Future;

impl Engine {
    /// Begins a transaction, or a savepoint in the one that is open.
    ///
    /// # Errors
    /// SQLite's; [`Error::BeginFailed`] where the caller's own statement began none.
    pub(super) fn begin(&mut self, statement: Option<&str>, depth: usize) -> Result<(), Error> {
        if depth > self.depth {
            return Err(self.is_over().into());
        }
        self.snapshot.ended = false;
        if self.failed.is_some() {
            return Err(SqliteError::transaction_failed().into());
        }
        let was_open = !self.connection.is_autocommit();
        let result = match (self.depth, statement) {
            (0, Some(statement)) => self
                .connection
                .execute_batch(statement)
                .map_err(|error| SqliteError::from(error).into()),
            (0, None) if self.begin_immediate => self.execute("BEGIN IMMEDIATE"),
            (0, None) => self.execute("BEGIN"),
            (depth, _) => self.execute(&format!("SAVEPOINT {}", savepoint(depth))),
        };
        let result = match result {
            Ok(()) if self.connection.is_autocommit() => Err(Error::BeginFailed),
            Ok(()) => {
                self.depth += 1;
                Ok(())
            }
            Err(error) => {
                let error = self.reason(error);
                if self.depth == 0 && !was_open && !self.connection.is_autocommit() {
                    tracing::debug!("rolling back the transaction of a begin that failed later on");
                    self.execute_for_certain("ROLLBACK")?;
                }
                Err(error)
            }
        };
        self.follow_transaction();
        result
    }

    /// Commits the transaction, or releases the innermost savepoint.
    ///
    /// What can't be committed is rolled back, as on PostgreSQL: SQLite would keep it open.
    ///
    /// # Errors
    /// SQLite's; also where SQLite has ended the transaction before.
    pub(super) fn commit(&mut self, depth: usize) -> Result<(), Error> {
        if depth > self.depth {
            return Err(self.is_over().into());
        }
        if self.failed.is_some() {
            self.roll_back_to(depth.saturating_sub(1))?;
            return Err(SqliteError::transaction_failed().into());
        }
        let result = match depth {
            0 => return Err(SqliteError::refused("no transaction is open".to_owned()).into()),
            1 => self.execute_for_certain("COMMIT"),
            _ => self.execute_for_certain(&format!("RELEASE {}", savepoint(depth - 1))),
        };
        match result {
            Ok(()) => self.depth = depth - 1,
            Err(error) => {
                let error = self.with_names(self.reason(error), Culprit::COMMIT);
                self.roll_back_to(depth - 1)?;
                return Err(error);
            }
        }
        self.follow_transaction();
        Ok(())
    }

    /// Releases the innermost of so many savepoints and their transaction.
    ///
    /// # Errors
    /// SQLite's; then nothing has changed.
    pub(super) fn release(&mut self, depth: usize) -> Result<(), Error> {
        self.execute_for_certain(&format!("RELEASE {}", savepoint(depth - 1)))?;
        self.depth = depth - 1;
        self.follow_transaction();
        Ok(())
    }

    /// Rolls back until no more than `depth` transactions and savepoints are open.
    ///
    /// # Errors
    /// SQLite's, after which the connection is of no use.
    pub(super) fn roll_back_to(&mut self, depth: usize) -> Result<(), Error> {
        self.generation.note_rollback();
        while self.depth > depth && !self.connection.is_autocommit() {
            if self.depth == 1 {
                self.execute_for_certain("ROLLBACK")?;
            } else {
                let name = savepoint(self.depth - 1);
                self.execute_for_certain(&format!("ROLLBACK TO {name}"))?;
                self.execute_for_certain(&format!("RELEASE {name}"))?;
            }
            self.depth -= 1;
        }
        self.failed = self.failed.filter(|at| *at <= depth);
        self.follow_transaction();
        Ok(())
    }

    /// Rolls back the transaction that SQL text began and did not end, if there is one.
    ///
    /// # Errors
    /// SQLite's.
    pub(super) fn end_left_open(&mut self) -> Result<(), Error> {
        if self.depth > 0 || self.connection.is_autocommit() {
            return Ok(());
        }
        tracing::warn!(
            "SQL text began a transaction and did not end it: it is rolled back; begin transactions \
             with begin()"
        );
        metrics::counter!("twinbase_sqlite_transactions_left_open_total").increment(1);
        let result = self.execute_for_certain("ROLLBACK");
        self.follow_transaction();
        result
    }
}

fn savepoint(depth: usize) -> String {
    format!("_sqlx_savepoint_{depth}")
}

/// sqlx's view of the driver's transactions.
#[derive(Debug)]
#[non_exhaustive]
pub struct SqliteTransactionManager;

impl TransactionManager for SqliteTransactionManager {
    type Database = Sqlite;

    fn begin(
        connection: &mut SqliteConnection,
        statement: Option<SqlStr>,
    ) -> impl Future<Output = Result<(), Error>> + Send + '_ {
        AnyConnectionBackend::begin(connection, statement)
    }

    fn commit(
        connection: &mut SqliteConnection,
    ) -> impl Future<Output = Result<(), Error>> + Send + '_ {
        AnyConnectionBackend::commit(connection)
    }

    fn rollback(
        connection: &mut SqliteConnection,
    ) -> impl Future<Output = Result<(), Error>> + Send + '_ {
        AnyConnectionBackend::rollback(connection)
    }

    fn start_rollback(connection: &mut SqliteConnection) {
        AnyConnectionBackend::start_rollback(connection);
    }

    fn get_transaction_depth(connection: &SqliteConnection) -> usize {
        AnyConnectionBackend::get_transaction_depth(connection)
    }
}
