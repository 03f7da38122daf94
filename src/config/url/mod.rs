//! The address of a database, which never shows its password.

mod error;
mod parameter;
mod postgres;
mod scheme;
mod sqlite;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::DatabaseConfig;
pub use error::UrlError;
use scheme::Scheme;

/// A database engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// SQLite, a file or memory.
    Sqlite,
    /// PostgreSQL, or what speaks its protocol.
    Postgres,
}

impl Engine {
    /// The name for people: `SQLite` or `PostgreSQL`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

impl fmt::Display for Engine {
    /// The name as it is written in the configuration: `sqlite` or `postgres`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

/// The address of a database.
///
/// `Display` and `Debug` show `***` in place of the password. Accepted are
/// - `postgres://` and `postgresql://` with the parameters that sqlx knows; all others are refused.
///   In the user, the password and the database `@ / ? # %` and white space are percent-encoded.
/// - `sqlite:FILE`, `sqlite://FILE` (relative, or absolute from a third slash on, as in sqlx) and
///   `sqlite::memory:`, with `mode=ro|rw|rwc|memory`. A `%`, `?` in the name is percent-encoded.
/// - SQLAlchemy's `postgresql+psycopg://` and `postgresql+asyncpg://` (and their kin), and
///   `sqlite+aiosqlite:///relative.db`, `sqlite+aiosqlite:////absolute.db`, `sqlite+aiosqlite://`
///   for memory, with SQLAlchemy's meaning.
///
/// White space or quotes around the text are refused, never trimmed.
///
/// ```
/// use twinbase::config::{DatabaseUrl, Engine};
///
/// let url: DatabaseUrl = "postgresql+psycopg://me:s%40fe@db.example:5432/app".parse()?;
/// assert_eq!(url.engine(), Engine::Postgres);
/// assert_eq!(url.expose(), "postgres://me:s%40fe@db.example:5432/app");
/// assert_eq!(url.to_string(), "postgres://me:***@db.example:5432/app");
/// assert_eq!(url.location(), "PostgreSQL at db.example:5432, database app, user me");
/// # Ok::<(), twinbase::config::UrlError>(())
/// ```
#[derive(Clone, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct DatabaseUrl {
    /// For sqlx, secrets included.
    text: String,
    redacted: String,
    target: Target,
}

/// What a URL leads to.
#[derive(Clone)]
enum Target {
    Postgres {
        location: String,
        application_name: Option<String>,
    },
    File {
        path: PathBuf,
        mode: Option<Mode>,
        three_slashes: bool,
    },
    Memory,
}

/// How a SQLite file is opened: the parameter `mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// `ro`
    ReadOnly,
    /// `rw`: the file must exist.
    Existing,
    /// `rwc`: it is created when missing.
    Create,
}

impl DatabaseUrl {
    /// The engine that it names.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.target {
            Target::Postgres { .. } => Engine::Postgres,
            Target::File { .. } | Target::Memory => Engine::Sqlite,
        }
    }

    /// The URL for sqlx, **password included**: `postgres://…`, `sqlite:FILE` or
    /// `sqlite::memory:`. Never log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The file of a SQLite database; none for PostgreSQL and for memory.
    #[must_use]
    pub fn sqlite_file(&self) -> Option<&Path> {
        match &self.target {
            Target::File { path, .. } => Some(path),
            Target::Postgres { .. } | Target::Memory => None,
        }
    }

    /// Whether it is a SQLite database in memory.
    #[must_use]
    pub fn is_memory(&self) -> bool {
        matches!(self.target, Target::Memory)
    }

    /// The URL with `***` in place of the password.
    #[must_use]
    pub fn redacted(&self) -> String {
        self.redacted.clone()
    }

    /// Where the database is, for messages: `PostgreSQL at db.example:5432, database app, user me`
    /// or `SQLite file data/app.db`.
    #[must_use]
    pub fn location(&self) -> String {
        match &self.target {
            Target::Postgres { location, .. } => location.clone(),
            Target::File { path, .. } => {
                format!("SQLite file {}", path.to_string_lossy().escape_debug())
            }
            Target::Memory => "SQLite in memory".to_owned(),
        }
    }

    /// [`DatabaseConfig::DEFAULT_FILE`] in the current directory.
    pub(super) fn default_file() -> Self {
        Self::file(PathBuf::from(DatabaseConfig::DEFAULT_FILE), None, false, "")
    }

    /// The parameter `application_name` of a PostgreSQL URL.
    pub(super) fn application_name(&self) -> Option<&str> {
        match &self.target {
            Target::Postgres {
                application_name, ..
            } => application_name.as_deref(),
            Target::File { .. } | Target::Memory => None,
        }
    }

    /// The parameter `mode` of a SQLite file.
    pub(super) fn mode(&self) -> Option<Mode> {
        match self.target {
            Target::File { mode, .. } => mode,
            Target::Postgres { .. } | Target::Memory => None,
        }
    }

    /// Whether it was written `sqlite:///…`, which SQLAlchemy takes for a relative file.
    pub(super) fn has_three_slashes(&self) -> bool {
        matches!(
            self.target,
            Target::File {
                three_slashes: true,
                ..
            }
        )
    }
}

impl FromStr for DatabaseUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        if text.trim().is_empty() {
            return Err(UrlError::Empty);
        }
        if text.starts_with(['"', '\'', '`']) {
            return Err(UrlError::Quoted);
        }
        if text.trim() != text || text.contains(char::is_control) {
            return Err(UrlError::WhiteSpace);
        }
        let (scheme, rest) = Scheme::split(text)?;
        match scheme {
            Scheme::Postgres { asyncpg } => Self::postgres(rest, asyncpg),
            Scheme::Sqlite => Self::sqlite(rest),
            Scheme::SqlAlchemySqlite => Self::sqlalchemy_sqlite(rest),
        }
    }
}

/// Two spellings of one address are equal; the password counts.
impl PartialEq for DatabaseUrl {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for DatabaseUrl {}

impl TryFrom<String> for DatabaseUrl {
    type Error = UrlError;

    fn try_from(text: String) -> Result<Self, UrlError> {
        text.parse()
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DatabaseUrl").field(&self.redacted).finish()
    }
}
