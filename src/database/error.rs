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
    /// There is no room for the temporary file of `sqlite::memory:`.
    #[error("no temporary file can be made for sqlite::memory:; set TMPDIR to a folder with room")]
    Memory(#[source] std::io::Error),
    /// Migrations could not be read or applied.
    #[error(transparent)]
    Migration(#[from] MigrationError),
}
