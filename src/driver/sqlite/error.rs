//! The error that SQLite gives, with what it says about the constraint and what to do about it.

use rusqlite::ffi;
use sqlx_core::error::{DatabaseError, ErrorKind};
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// The code of a CAST that meets what is no value of its type. SQLite passes on a code or a message of
/// a function, not both; so each has a code of its own under `SQLITE_MISMATCH`.
pub(super) const CAST_MISFIT: i32 = ffi::SQLITE_MISMATCH | 1 << 8;

/// The code of a pattern of LIKE that ends with its escape.
pub(super) const DANGLING_ESCAPE: i32 = ffi::SQLITE_MISMATCH | 2 << 8;

/// Why SQLite, or the driver before it, refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SqliteErrorCause {
    /// A UNIQUE constraint or index.
    Unique,
    /// A primary key that exists already.
    PrimaryKey,
    /// A foreign key.
    ForeignKey,
    /// NULL in a column that is NOT NULL.
    NotNull,
    /// A CHECK constraint.
    Check,
    /// A constraint of another kind, a trigger's `RAISE` among them.
    Constraint,
    /// Another connection holds the lock, for longer than the busy timeout. Retry.
    Busy,
    /// The transaction read before another one wrote, and can't write any more. Retry it whole.
    BusySnapshot,
    /// Another statement of this connection holds the lock. Retry.
    Locked,
    /// The database, or its file, is read-only.
    ReadOnly,
    /// The disk is full.
    Full,
    /// The file can't be opened.
    CannotOpen,
    /// The file is not a database.
    NotADatabase,
    /// The file is damaged.
    Corrupt,
    /// Reading or writing the file failed.
    Io,
    /// The statement was interrupted.
    Interrupted,
    /// The statement ran for longer than the statement timeout.
    StatementTimeout,
    /// SQLite had rolled back the transaction by itself; this statement did not run.
    RolledBack,
    /// A statement of the transaction failed before; this one did not run. As on PostgreSQL, the
    /// transaction, or the savepoint that was open, can only be rolled back.
    TransactionFailed,
    /// Memory ran out.
    NoMemory,
    /// A value or a row is longer than SQLite's limit.
    TooBig,
    /// A value does not fit the column (`INTEGER PRIMARY KEY`), or the type of a CAST.
    Mismatch,
    /// The statement was refused: its syntax, a name that does not exist, or by the driver.
    Statement,
    /// Anything else; see [`SqliteError::extended_code`].
    Other,
}

/// An error of SQLite, as [`DatabaseError`]: find it with
/// `try_downcast_ref`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SqliteError {
    cause: SqliteErrorCause,
    extended: i32,
    message: String,
    table: Option<String>,
    columns: Vec<String>,
    constraint: Option<String>,
}

impl SqliteError {
    /// Why it failed.
    #[must_use]
    pub const fn cause(&self) -> SqliteErrorCause {
        self.cause
    }

    /// SQLite's primary result code (<https://sqlite.org/rescode.html>).
    #[must_use]
    pub const fn primary_code(&self) -> i32 {
        self.extended & 0xff
    }

    /// SQLite's extended result code (<https://sqlite.org/rescode.html>).
    #[must_use]
    pub const fn extended_code(&self) -> i32 {
        self.extended
    }

    /// The columns of the constraint, where SQLite names them.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Whether the same work may succeed when it is tried again.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        use SqliteErrorCause::{Busy, BusySnapshot, Locked};
        matches!(self.cause, Busy | BusySnapshot | Locked)
    }

    /// Whether it is a constraint that refused, one of those that have names.
    pub(super) const fn is_violation(&self) -> bool {
        use SqliteErrorCause::{Check, ForeignKey, NotNull, PrimaryKey, Unique};
        matches!(
            self.cause,
            Check | ForeignKey | NotNull | PrimaryKey | Unique
        )
    }

    /// Adds what was looked up: with the table the constraint too, or that it can't be told.
    pub(super) fn name(&mut self, table: Option<String>, constraint: Option<String>) {
        if table.is_some() || constraint.is_some() {
            self.constraint = constraint;
        }
        self.table = table.or_else(|| self.table.take());
    }

    pub(super) fn plain(cause: SqliteErrorCause, extended: i32, message: String) -> Self {
        Self {
            cause,
            extended,
            message,
            table: None,
            columns: Vec::new(),
            constraint: None,
        }
    }

    /// Adds where it happened.
    pub(super) fn at(mut self, place: &str) -> Self {
        use std::fmt::Write as _;
        let _ = write!(self.message, " ({place})");
        self
    }
}

impl From<rusqlite::Error> for SqliteError {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::SqliteFailure(code, message) => {
                let message = message.unwrap_or_else(|| code.to_string());
                Self::from_code(code.extended_code, &message)
            }
            rusqlite::Error::SqlInputError {
                error, msg, offset, ..
            } => Self::from_code(error.extended_code, &format!("{msg}, at byte {offset}")),
            rusqlite::Error::MultipleStatement => Self::refused(
                "more than one statement with arguments: run them one by one, or without arguments"
                    .to_owned(),
            ),
            other => Self::plain(
                SqliteErrorCause::Other,
                ffi::SQLITE_ERROR,
                other.to_string(),
            ),
        }
    }
}

impl SqliteError {
    fn from_code(extended: i32, message: &str) -> Self {
        let message = match extended {
            CAST_MISFIT => "a CAST met a value that is none of its type, or out of its range",
            DANGLING_ESCAPE => "the pattern of LIKE ends with its escape character: double it",
            _ => message,
        };
        // ON DELETE RESTRICT is a trigger inside SQLite, and fails with a trigger's code.
        let restricted = extended == ffi::SQLITE_CONSTRAINT_TRIGGER
            && message == "FOREIGN KEY constraint failed";
        let cause = if restricted {
            SqliteErrorCause::ForeignKey
        } else {
            cause(extended)
        };
        let mut error = Self::plain(cause, extended, with_advice(cause, message));
        let Some((_, subject)) = message.split_once(" constraint failed: ") else {
            return error;
        };
        match cause {
            SqliteErrorCause::Check => error.constraint = Some(subject.to_owned()),
            SqliteErrorCause::Unique | SqliteErrorCause::PrimaryKey | SqliteErrorCause::NotNull => {
                if let Some(index) = subject.strip_prefix("index '") {
                    error.constraint = Some(index.trim_end_matches('\'').to_owned());
                } else {
                    for column in subject.split(", ") {
                        let (table, column) = column.split_once('.').unwrap_or(("", column));
                        error.table = Some(table.to_owned()).filter(|table| !table.is_empty());
                        error.columns.push(column.to_owned());
                    }
                }
            }
            _ => {}
        }
        error
    }
}

fn cause(extended: i32) -> SqliteErrorCause {
    use SqliteErrorCause as Cause;
    match extended {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_ROWID => return Cause::Unique,
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY => return Cause::PrimaryKey,
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => return Cause::ForeignKey,
        ffi::SQLITE_CONSTRAINT_NOTNULL => return Cause::NotNull,
        ffi::SQLITE_CONSTRAINT_CHECK => return Cause::Check,
        ffi::SQLITE_BUSY_SNAPSHOT => return Cause::BusySnapshot,
        _ => {}
    }
    match extended & 0xff {
        ffi::SQLITE_CONSTRAINT => Cause::Constraint,
        ffi::SQLITE_BUSY => Cause::Busy,
        ffi::SQLITE_LOCKED => Cause::Locked,
        ffi::SQLITE_READONLY => Cause::ReadOnly,
        ffi::SQLITE_FULL => Cause::Full,
        ffi::SQLITE_CANTOPEN => Cause::CannotOpen,
        ffi::SQLITE_NOTADB => Cause::NotADatabase,
        ffi::SQLITE_CORRUPT => Cause::Corrupt,
        ffi::SQLITE_IOERR => Cause::Io,
        ffi::SQLITE_INTERRUPT => Cause::Interrupted,
        ffi::SQLITE_ABORT => Cause::RolledBack,
        ffi::SQLITE_NOMEM => Cause::NoMemory,
        ffi::SQLITE_TOOBIG => Cause::TooBig,
        ffi::SQLITE_MISMATCH => Cause::Mismatch,
        ffi::SQLITE_ERROR => Cause::Statement,
        _ => Cause::Other,
    }
}

fn with_advice(cause: SqliteErrorCause, message: &str) -> String {
    use SqliteErrorCause as Cause;
    let advice = match cause {
        Cause::Busy | Cause::Locked => "another connection is writing; try again",
        Cause::BusySnapshot => "another transaction wrote after this one had read; run it again",
        Cause::ReadOnly => "open it for writing, and check who may write the file and its folder",
        Cause::Full => "make room on the disk",
        Cause::CannotOpen => "check that the file and its folder exist and may be read and written",
        Cause::NotADatabase => "check that the URL names a SQLite file",
        Cause::Corrupt => "restore a backup, or try `.recover` of the sqlite3 shell",
        Cause::Io => "check the disk",
        _ => "",
    };
    // SQLite begins some messages with a keyword; the case of names further on stays.
    let start = message
        .split(' ')
        .take_while(|word| word.bytes().all(|byte| byte.is_ascii_uppercase()));
    let upper: usize = start.map(|word| word.len() + 1).sum();
    let upper = upper.min(message.len());
    let mut text = message[..upper].to_ascii_lowercase();
    text.push_str(&message[upper..]);
    if !advice.is_empty() {
        text.push_str(": ");
        text.push_str(advice);
    }
    text
}

impl fmt::Display for SqliteError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl StdError for SqliteError {}

impl DatabaseError for SqliteError {
    fn message(&self) -> &str {
        &self.message
    }

    /// The extended result code, as decimal text.
    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.extended.to_string().into())
    }

    fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn StdError + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
        self
    }

    fn is_transient_in_connect_phase(&self) -> bool {
        self.is_retryable()
    }

    /// The constraint's name, or the one that PostgreSQL would have given it.
    fn constraint(&self) -> Option<&str> {
        self.constraint.as_deref()
    }

    /// The table that has the constraint.
    fn table(&self) -> Option<&str> {
        self.table.as_deref()
    }

    fn kind(&self) -> ErrorKind {
        match self.cause {
            SqliteErrorCause::Unique | SqliteErrorCause::PrimaryKey => ErrorKind::UniqueViolation,
            SqliteErrorCause::ForeignKey => ErrorKind::ForeignKeyViolation,
            SqliteErrorCause::NotNull => ErrorKind::NotNullViolation,
            SqliteErrorCause::Check => ErrorKind::CheckViolation,
            _ => ErrorKind::Other,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn provoke(sql: &str) -> SqliteError {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "PRAGMA foreign_keys = ON;
                 CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NOT NULL, c INT, d INT UNIQUE,
                   UNIQUE (b, c), CONSTRAINT c_small CHECK (c < 10), FOREIGN KEY (d) REFERENCES t (a));
                 INSERT INTO t VALUES (1, 'x', 1, NULL);",
            )
            .unwrap();
        connection.execute_batch(sql).unwrap_err().into()
    }

    #[test]
    fn constraints_are_told_apart_and_named() {
        let unique = provoke("INSERT INTO t VALUES (2, 'x', 1, NULL)");
        assert_eq!(unique.kind(), ErrorKind::UniqueViolation);
        assert_eq!(unique.table(), Some("t"));
        assert_eq!(unique.columns(), ["b", "c"]);
        assert_eq!(unique.message(), "unique constraint failed: t.b, t.c");
        assert_eq!(unique.code().as_deref(), Some("2067"));

        let primary = provoke("INSERT INTO t VALUES (1, 'y', 1, NULL)");
        assert_eq!(primary.cause(), SqliteErrorCause::PrimaryKey);
        assert!(primary.is_unique_violation());

        let check = provoke("INSERT INTO t VALUES (2, 'y', 10, NULL)");
        assert_eq!(check.kind(), ErrorKind::CheckViolation);
        assert_eq!(check.constraint(), Some("c_small"));

        let null = provoke("INSERT INTO t VALUES (2, NULL, 1, NULL)");
        assert_eq!(null.kind(), ErrorKind::NotNullViolation);
        assert_eq!(
            (null.table(), null.columns()),
            (Some("t"), &["b".to_owned()][..])
        );

        let foreign = provoke("INSERT INTO t VALUES (2, 'y', 1, 77)");
        assert_eq!(foreign.kind(), ErrorKind::ForeignKeyViolation);
    }

    #[test]
    fn a_syntax_error_says_where() {
        let error = provoke("SELEC 1");
        assert_eq!(error.cause(), SqliteErrorCause::Statement);
        assert_eq!(error.message(), "near \"SELEC\": syntax error, at byte 0");
    }
}
