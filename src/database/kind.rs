//! What kind of error it is, the same on both engines.

use std::fmt;
use std::io;

use sqlx::migrate::MigrateError;

use super::codes;
use super::outcome::StatementOutcomeUnknown;
use super::pool::AcquireError;
use super::session::SessionFailed;
use super::violation::Violation;
use crate::driver::ArgumentError;
use crate::driver::sqlite::{SqliteError, SqliteErrorCause};
use crate::migration::translate::TYPE_CHECK_PREFIX;

/// The kinds of error that call for different deeds, the same on both engines.
///
/// `docs/errors.md` has the codes of each. `Display` says what happened, in a few words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Another row has these values: a unique constraint or index, a primary key. An exclusion
    /// constraint of PostgreSQL's too.
    Unique,
    /// A foreign key: the row referred to is missing, or others refer to the row that is to go.
    ForeignKey,
    /// NULL where a value has to be.
    NotNull,
    /// A CHECK of the application's.
    Check,
    /// A value does not fit its column, its parameter or the Rust type that it is read into.
    Data,
    /// Another transaction was in the way: a serialization failure, a deadlock, a lock that was not
    /// had in time. The same transaction may succeed when it is run again as a whole.
    Retryable,
    /// A write where only reading is allowed.
    ReadOnly,
    /// A statement ran for longer than the statement timeout.
    Timeout,
    /// No connection of the pool came free in time. Nothing was done.
    PoolTimeout,
    /// The pool refused early, since a connection would have come too late. Nothing was done.
    Overloaded,
    /// A statement was stopped on somebody's request.
    Cancelled,
    /// The connection was lost, and the transaction that was open on it.
    Connection,
    /// No connection can be had: refused, starting, too many, closed, no such database or file.
    Unavailable,
    /// The user or the process lacks the right, or is not who it says.
    Permission,
    /// The disk is full.
    DiskFull,
    /// Memory ran out, or a limit of the server's was met.
    Resources,
    /// The statement is wrong: syntax, a name that does not exist, the number of arguments.
    Statement,
    /// No row where one was asked for.
    NotFound,
    /// The transaction has failed before; this statement did not run.
    TransactionFailed,
    /// Whether a COMMIT was carried out is not known.
    OutcomeUnknown,
    /// The database is damaged, or the file is no database.
    Corrupt,
    /// The disk failed.
    Io,
    /// Anything else: the error itself says what.
    Other,
}

impl ErrorKind {
    /// The kind of an error.
    ///
    /// PostgreSQL has one SQLSTATE (57014) for a statement that took too long and one that somebody
    /// cancelled, and tells them apart in its message alone; where its messages (`lc_messages`) are
    /// not English, both are [`ErrorKind::Timeout`].
    ///
    /// ```
    /// use twinbase::database::ErrorKind;
    ///
    /// assert_eq!(ErrorKind::of(&sqlx::Error::PoolTimedOut), ErrorKind::PoolTimeout);
    /// ```
    #[must_use]
    pub fn of(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => Self::of_database(&**error),
            sqlx::Error::Encode(source) => match source.downcast_ref() {
                Some(ArgumentError::Count { .. } | ArgumentError::Unsupported { .. }) => {
                    Self::Statement
                }
                _ => Self::Data,
            },
            sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => Self::Data,
            sqlx::Error::InvalidArgument(_)
            | sqlx::Error::TypeNotFound { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::AnyDriverError(_)
            | sqlx::Error::InvalidSavePointStatement
            | sqlx::Error::BeginFailed => Self::Statement,
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::Io(error) => Self::of_io(error),
            sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => Self::Connection,
            sqlx::Error::Tls(_) | sqlx::Error::PoolClosed => Self::Unavailable,
            sqlx::Error::PoolTimedOut => Self::PoolTimeout,
            sqlx::Error::Migrate(error) => match &**error {
                MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                    Self::of(error)
                }
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }

    /// Whether the same transaction may succeed when it is run again as a whole.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::Retryable)
    }

    /// What to do about it, in a few words.
    #[must_use]
    pub fn advice(self) -> &'static str {
        codes::row(self).advice
    }

    fn of_database(error: &dyn sqlx::error::DatabaseError) -> Self {
        if let Some(error) = error.try_downcast_ref::<AcquireError>() {
            return error.kind();
        }
        if error.try_downcast_ref::<SessionFailed>().is_some() {
            return Self::TransactionFailed;
        }
        if error
            .try_downcast_ref::<StatementOutcomeUnknown>()
            .is_some()
        {
            return Self::OutcomeUnknown;
        }
        let kind = match error.try_downcast_ref::<SqliteError>() {
            Some(error) => match error.cause() {
                SqliteErrorCause::ForeignKey => Self::ForeignKey,
                SqliteErrorCause::StatementTimeout => Self::Timeout,
                _ => codes::of_sqlite(error.extended_code()),
            },
            None => codes::of_sqlstate(error.code().as_deref().unwrap_or_default()),
        };
        match kind {
            Self::Check if is_type_check(error) => Self::Data,
            Self::Timeout if error.message().contains("user request") => Self::Cancelled,
            kind => kind,
        }
    }

    pub(super) fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused
            | io::ErrorKind::NotFound
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable => Self::Unavailable,
            io::ErrorKind::PermissionDenied => Self::Permission,
            io::ErrorKind::StorageFull => Self::DiskFull,
            _ if is_unknown_host(error) => Self::Unavailable,
            _ => Self::Connection,
        }
    }
}

/// Whether the host's name was not found: the resolver's errors have no kind of their own in std.
pub(super) fn is_unknown_host(error: &io::Error) -> bool {
    error.to_string().contains("lookup address")
}

/// Whether it is a CHECK that holds a column to its type.
fn is_type_check(error: &dyn sqlx::error::DatabaseError) -> bool {
    error
        .constraint()
        .is_some_and(|name| name.starts_with(TYPE_CHECK_PREFIX))
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(codes::row(*self).means)
    }
}

/// What [`DatabaseError::Statement`](super::DatabaseError::Statement) says.
pub(super) fn describe(kind: ErrorKind, violation: Option<&Violation>) -> String {
    let place = violation.map(|violation| format!(" ({violation})"));
    format!("{kind}{}; {}", place.unwrap_or_default(), kind.advice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_message_and_an_advice() {
        // A kind that is not in this list fails to compile here.
        let next = |kind| match kind {
            ErrorKind::Unique => Some(ErrorKind::ForeignKey),
            ErrorKind::ForeignKey => Some(ErrorKind::NotNull),
            ErrorKind::NotNull => Some(ErrorKind::Check),
            ErrorKind::Check => Some(ErrorKind::Data),
            ErrorKind::Data => Some(ErrorKind::Retryable),
            ErrorKind::Retryable => Some(ErrorKind::ReadOnly),
            ErrorKind::ReadOnly => Some(ErrorKind::Timeout),
            ErrorKind::Timeout => Some(ErrorKind::PoolTimeout),
            ErrorKind::PoolTimeout => Some(ErrorKind::Overloaded),
            ErrorKind::Overloaded => Some(ErrorKind::Cancelled),
            ErrorKind::Cancelled => Some(ErrorKind::Connection),
            ErrorKind::Connection => Some(ErrorKind::Unavailable),
            ErrorKind::Unavailable => Some(ErrorKind::Permission),
            ErrorKind::Permission => Some(ErrorKind::DiskFull),
            ErrorKind::DiskFull => Some(ErrorKind::Resources),
            ErrorKind::Resources => Some(ErrorKind::Statement),
            ErrorKind::Statement => Some(ErrorKind::NotFound),
            ErrorKind::NotFound => Some(ErrorKind::TransactionFailed),
            ErrorKind::TransactionFailed => Some(ErrorKind::OutcomeUnknown),
            ErrorKind::OutcomeUnknown => Some(ErrorKind::Corrupt),
            ErrorKind::Corrupt => Some(ErrorKind::Io),
            ErrorKind::Io => Some(ErrorKind::Other),
            ErrorKind::Other => None,
        };
        let kinds = std::iter::successors(Some(ErrorKind::Unique), |kind| next(*kind));
        let described = kinds.map(|kind| describe(kind, None));
        assert!(described.map(|text| text.len()).all(|length| length > 10));
    }
}
