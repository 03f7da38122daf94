//! The errors that are the driver's own.

use super::error::{SqliteError, SqliteErrorCause};
use rusqlite::ffi;

impl SqliteError {
    /// A statement that the driver refuses before SQLite sees it.
    pub(super) fn refused(message: String) -> Self {
        Self::plain(SqliteErrorCause::Statement, ffi::SQLITE_ERROR, message)
    }

    /// The statement ran out of time.
    pub(super) fn statement_timeout() -> Self {
        Self::plain(
            SqliteErrorCause::StatementTimeout,
            ffi::SQLITE_INTERRUPT,
            "statement timeout: the statement was stopped; make it faster, or raise the limit"
                .to_owned(),
        )
    }

    /// The write is done, and its caller was too slow to take what it gives.
    pub(super) fn rows_not_taken() -> Self {
        Self::plain(
            SqliteErrorCause::StatementTimeout,
            ffi::SQLITE_INTERRUPT,
            "the write was done, but its rows were not taken before the statement timeout; don't write \
             it again"
                .to_owned(),
        )
    }

    /// The statement's future was dropped.
    pub(super) fn interrupted() -> Self {
        let message = "interrupted: the statement was stopped before its end".to_owned();
        Self::plain(
            SqliteErrorCause::Interrupted,
            ffi::SQLITE_INTERRUPT,
            message,
        )
    }

    /// The statement would have run outside the transaction that it belongs to.
    pub(super) fn rolled_back() -> Self {
        Self::plain(
            SqliteErrorCause::RolledBack,
            ffi::SQLITE_ABORT_ROLLBACK,
            "the transaction is over: an earlier error rolled it back; roll back and run it again"
                .to_owned(),
        )
    }

    /// A statement of the transaction has failed before.
    pub(super) fn transaction_failed() -> Self {
        Self::plain(
            SqliteErrorCause::TransactionFailed,
            ffi::SQLITE_ABORT,
            "a statement of the transaction has failed, so this one is not run; roll back and run it \
             again"
                .to_owned(),
        )
    }

    /// The transaction held its snapshot for too long.
    pub(super) fn snapshot_limit() -> Self {
        Self::plain(
            SqliteErrorCause::StatementTimeout,
            ffi::SQLITE_INTERRUPT,
            "the snapshot was held for longer than database.sqlite_snapshot_limit, and is given up; read \
             less at once, or raise the limit"
                .to_owned(),
        )
    }
}
