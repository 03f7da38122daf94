//! The errors of this layer.

use super::failure::Failure;
use super::kind::{ErrorKind, describe};
use super::pool::AcquireError;
use super::session::SessionFailed;
use super::violation::Violation;
use crate::migration::MigrationError;

/// Why a database could not be used. `Display` says what, where and what to do, and never a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The database can't be reached or refuses us.
    #[error("{location}: {failure}")]
    Connect {
        /// The engine and where the database is, without secrets.
        location: String,
        /// What kind of failure it is.
        failure: Failure,
        /// The driver's error.
        #[source]
        source: sqlx::Error,
    },
    /// There is no connection to be had.
    #[error(transparent)]
    Acquire(#[from] AcquireError),
    /// A session takes no more statements and can't be committed.
    #[error(transparent)]
    Session(#[from] SessionFailed),
    /// A statement failed, or the connection under it.
    #[error("{}", describe(*kind, violation.as_deref()))]
    Statement {
        /// What kind of error it is, the same on both engines.
        kind: ErrorKind,
        /// The constraint that was broken, where it was one.
        violation: Option<Box<Violation>>,
        /// The driver's error.
        #[source]
        source: sqlx::Error,
    },
    /// The URL is none that the driver takes; the configuration has refused most such at load.
    #[error("{location}: the driver does not take this URL")]
    Url {
        /// The engine and where the database is, without secrets.
        location: String,
        /// What the driver says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The application has installed other drivers for sqlx's `Any`.
    #[error(transparent)]
    Drivers(#[from] crate::driver::InstallError),
    /// There is no room for the temporary file of `sqlite::memory:`.
    #[error("no temporary file can be made for sqlite::memory:; set TMPDIR to a folder with room")]
    Memory(#[source] std::io::Error),
    /// Migrations could not be read or applied.
    #[error(transparent)]
    Migration(#[from] MigrationError),
}

impl DatabaseError {
    /// What kind of error it is, the same on both engines.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Connect {
                failure, source, ..
            } => failure.kind().unwrap_or_else(|| ErrorKind::of(source)),
            Self::Statement { kind, .. } => *kind,
            Self::Acquire(error) => error.kind(),
            Self::Session(_) => ErrorKind::TransactionFailed,
            Self::Memory(source) => ErrorKind::of_io(source),
            Self::Migration(MigrationError::Locked { .. } | MigrationError::LeaseLost) => {
                ErrorKind::Retryable
            }
            Self::Migration(error) => error.database().map_or(ErrorKind::Other, ErrorKind::of),
            Self::Url { .. } | Self::Drivers(_) => ErrorKind::Other,
        }
    }

    /// The constraint that was broken, where it was one and it is known.
    #[must_use]
    pub fn violation(&self) -> Option<&Violation> {
        match self {
            Self::Statement { violation, .. } => violation.as_deref(),
            _ => None,
        }
    }
}

impl DatabaseError {
    /// As the error of sqlx from which it can be made again, but for what sqlx has none for.
    #[must_use]
    pub fn into_sqlx(self) -> sqlx::Error {
        match self {
            Self::Connect { source, .. } | Self::Statement { source, .. } => source,
            Self::Acquire(error) => sqlx::Error::Database(Box::new(error)),
            Self::Session(error) => sqlx::Error::Database(Box::new(error)),
            Self::Memory(error) => sqlx::Error::Io(error),
            Self::Url { source, .. } => sqlx::Error::Configuration(source),
            Self::Drivers(error) => sqlx::Error::Configuration(Box::new(error)),
            Self::Migration(error) => sqlx::Error::Configuration(Box::new(error)),
        }
    }
}

impl From<sqlx::Error> for DatabaseError {
    fn from(source: sqlx::Error) -> Self {
        if let sqlx::Error::Database(error) = &source {
            if let Some(error) = error.try_downcast_ref::<AcquireError>() {
                return Self::Acquire(error.clone());
            }
            if let Some(error) = error.try_downcast_ref::<SessionFailed>() {
                return Self::Session(error.clone());
            }
        }
        Self::Statement {
            kind: ErrorKind::of(&source),
            violation: Violation::of(&source).map(Box::new),
            source,
        }
    }
}
