//! The errors of this layer.

use super::failure::Failure;
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
