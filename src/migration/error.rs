//! What can go wrong with migrations.

use std::time::Duration;

use super::source::SourceError;
use super::translate::TranslateError;

/// Why migrations could not be read, compared or applied. Nothing is half applied: a version and its
/// row in the history are one transaction.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrationError {
    /// The files break a rule.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A portable file has something that can't be translated for an engine.
    #[error("migration {path} can't be translated for {engine}")]
    Translate {
        /// The file below the migrations folder.
        path: String,
        /// The engine's name.
        engine: &'static str,
        /// What it was.
        #[source]
        source: Box<TranslateError>,
    },
    /// A statement of the migration failed; its transaction was rolled back.
    #[error(
        "migration {path} failed and was rolled back; mend the file or the data and run it again"
    )]
    Failed {
        /// The version.
        version: i64,
        /// The file below the migrations folder.
        path: String,
        /// The database's error.
        #[source]
        source: sqlx::Error,
    },
    /// The text that was applied is not the text that the program holds.
    #[error(
        "migration {path} was changed after it had been applied: bring the old text back, and write what \
         is new as a new migration"
    )]
    Changed {
        /// The version.
        version: i64,
        /// The file below the migrations folder.
        path: String,
    },
    /// The database has a version that the program does not know, older than the program's newest.
    #[error(
        "the database has migration {version} ({description}), which this program does not know: deploy \
         the program that made it, or a newer one"
    )]
    Unknown {
        /// The version.
        version: i64,
        /// Its description in the history.
        description: String,
    },
    /// An earlier run left a version half applied.
    #[error(
        "migration {version} ({description}) is marked as failed in `_sqlx_migrations`: bring the schema \
         in order by hand, then delete that row"
    )]
    Dirty {
        /// The version.
        version: i64,
        /// Its description in the history.
        description: String,
    },
    /// Another process migrates and did not finish in time.
    #[error("another process held the migration lock for {} s; try again when it is done", .0.as_secs())]
    Locked(Duration),
    /// The history could not be read or written.
    #[error("the migration history (`_sqlx_migrations`) can't be {doing}")]
    History {
        /// `"read"` or `"created"`.
        doing: &'static str,
        /// The database's error.
        #[source]
        source: sqlx::Error,
    },
}

impl MigrationError {
    /// The database's own error, where there is one: a lost connection is a reason to try again, a
    /// changed file is none.
    #[must_use]
    pub fn database(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Failed { source, .. } | Self::History { source, .. } => Some(source),
            _ => None,
        }
    }
}
