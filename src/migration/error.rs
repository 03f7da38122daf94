//! What can go wrong with migrations.

use std::time::Duration;

use super::failure::{Failure, Undone};
use super::source::SourceError;
use super::translate::TranslateError;

/// Why migrations could not be read, compared, applied or undone. `Display` is one line;
/// [`MigrationError::details`] has what needs more.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrationError {
    /// The files break a rule.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A folder of migrations can't be read.
    #[error("{0}")]
    Folder(String),
    /// A file asks for what the runner can't carry out.
    #[error("migration {path}, line {line}: it {what}; {advice}")]
    Rule {
        /// The file below the migrations folder.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        what: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// The file of meant differences breaks a rule.
    #[error("{file}, line {line}: {problem}")]
    Allowances {
        /// The file below the migrations folder.
        file: &'static str,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The comparison of the engines was asked for on `SQLite`.
    #[error(
        "the engines are compared on a PostgreSQL database, which has to be empty; this one is SQLite's"
    )]
    OneEngine,
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
    /// A statement of a migration failed.
    #[error("migration {} failed and {}: line {}, `{}`; {}", .0.path, .0.undone, .0.line, .0.short(), .0.next())]
    Failed(Box<Failure>, #[source] sqlx::Error),
    /// A step that is not a statement of a file failed: the transaction's begin, its end, the history.
    #[error("migration {path}: {doing} failed and {undone}; {}", undone.next(*version, command))]
    Around {
        /// The version.
        version: i64,
        /// The file below the migrations folder.
        path: String,
        /// What failed.
        doing: &'static str,
        /// What became of the transaction.
        undone: Undone,
        /// The command that ran: `up` or `down`.
        command: &'static str,
        /// The database's error.
        #[source]
        source: sqlx::Error,
    },
    /// `SQLite`: rows refer to rows that a migration removed.
    #[error(
        "migration {path} was rolled back: after it {rows} row(s) of {table} would refer to rows of \
         {parent} that are not there; mend the file or the data and run it again"
    )]
    Orphans {
        /// The file below the migrations folder.
        path: String,
        /// The table whose rows refer.
        table: String,
        /// The table that they refer to.
        parent: String,
        /// How many there are.
        rows: u64,
    },
    /// An index that was made without a transaction is not valid.
    #[error(
        "migration {path}: the index {index} was made and is not valid; look at the server's log, then run \
         `twinbase migrate up` again, which drops it and makes it anew"
    )]
    InvalidIndex {
        /// The file below the migrations folder.
        path: String,
        /// The index.
        index: String,
    },
    /// The text that was applied is not the text that the program holds.
    #[error(
        "migration {path} was changed after it had been applied: bring the old text back, and write what \
         is new as a new migration; if both texts do the same, `twinbase migrate repair --version {version}`"
    )]
    Changed {
        /// The version.
        version: i64,
        /// The file below the migrations folder.
        path: String,
        /// What changed, line by line; `None` where the old text is not known.
        difference: Option<String>,
    },
    /// Pending versions that are older than the newest that is applied.
    #[error(
        "{} older than the newest that the database has ({newest}): {}; give them a newer version, or run \
         `twinbase migrate up --allow-out-of-order` if the order does not matter",
        count(versions.len(), "pending migration is", "pending migrations are"), list(versions)
    )]
    Late {
        /// The versions and descriptions.
        versions: Vec<(i64, String)>,
        /// The newest version that is applied.
        newest: i64,
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
    /// The database has versions that are newer than the program and do not say that it may go on.
    #[error(
        "the database is newer than this program: {}; deploy the program that made it, or a newer one",
        list(versions)
    )]
    Newer {
        /// The versions and descriptions.
        versions: Vec<(i64, String)>,
    },
    /// The database has tables and no history.
    #[error(
        "the database has tables ({}) and no history of migrations: if they are this program's, run \
         `twinbase migrate baseline --detect` to adopt them; otherwise use a database of its own", tables.join(", ")
    )]
    Unmanaged {
        /// Its tables, the first few.
        tables: Vec<String>,
    },
    /// An earlier run left a version half applied.
    #[error(
        "migration {version} ({description}) was begun outside of a transaction and not finished{}: see whether \
         it took effect, then `twinbase migrate repair --version {version} --as applied`, or `--as pending` \
         after undoing it", under_way(statement.as_deref())
    )]
    Dirty {
        /// The version.
        version: i64,
        /// Its description in the history.
        description: String,
        /// The statement that was under way, where it is known.
        statement: Option<String>,
    },
    /// Another process migrates and did not finish in time.
    #[error("another process held the migration lock for {} s{}; try again when it is done, or give it longer (migrate.lock_timeout)", waited.as_secs(), held_by(holder.as_deref()))]
    Locked {
        /// How long this one waited.
        waited: Duration,
        /// Who it is: pid, application, since when, what it runs.
        holder: Option<String>,
    },
    /// The file of `SQLite`'s migration lock can't be used.
    #[error("the lock file {path} can't be used; the folder of the database has to be writable")]
    LockFile {
        /// The file.
        path: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The lease ran out and another process took it.
    #[error("the migration lease was lost to another process; run `twinbase migrate up` again")]
    LeaseLost,
    /// The advisory lock belongs to another session than the one that the connection has now.
    #[error(
        "the migration lock is another session's by now, so nothing more was applied: the connection goes through a pooler \
         in transaction mode; set migrate.lock = \"lease\", or DATABASE_MIGRATION_URL to the server itself. The lock ends \
         when the pooler closes that session"
    )]
    LockElsewhere,
    /// A version has nothing that undoes it.
    #[error(
        "migration {path} has no `.down.sql`; write one, or restore a backup. Nothing was undone"
    )]
    NoDown {
        /// The file below the migrations folder.
        path: String,
    },
    /// A version that was asked for is not there.
    #[error("there is no migration {0}; `twinbase migrate status` lists them")]
    NoSuchVersion(i64),
    /// Nothing is to be repaired.
    #[error("migration {0} needs no repair: it is {1}")]
    Sound(i64, &'static str),
    /// A repair that has to say what is true.
    #[error(
        "migration {0} is half applied: say with `--as applied` or `--as pending` which of the two it shall count as"
    )]
    Ambiguous(i64),
    /// The database has a history already.
    #[error("the database has a history of migrations already; `twinbase migrate status` shows it")]
    Managed,
    /// The schema is not what the migrations make.
    #[error(
        "the schema is not what the migrations make up to {version} ({description}), so nothing was marked"
    )]
    Differs {
        /// The version whose schema is the nearest.
        version: i64,
        /// Its description.
        description: String,
        /// What differs, line by line.
        difference: String,
    },
    /// A rehearsed version is not undone by what undoes it, or comes out otherwise the second time.
    #[error(
        "migration {version} ({description}): {what}; mend its `.down.sql`, or remove that if the version can't be undone"
    )]
    Irreversible {
        /// The version.
        version: i64,
        /// Its description.
        description: String,
        /// Which of the two.
        what: &'static str,
        /// What differs, line by line.
        difference: String,
    },
    /// The migrations can't be run in a scratch schema.
    #[error(
        "migration {path} can't be run in a scratch schema: name a database for it with --scratch URL"
    )]
    Scratch {
        /// The file below the migrations folder.
        path: String,
        /// The database's error.
        #[source]
        source: sqlx::Error,
    },
    /// A backup could not be made.
    #[error(
        "the backup {path} can't be made, and nothing was changed; make room, or turn migrate.backup off"
    )]
    Backup {
        /// The file.
        path: String,
        /// The database's error.
        #[source]
        source: sqlx::Error,
    },
    /// A backup is not sound.
    #[error(
        "the backup {path} is not sound ({problem}), and nothing was changed; check the database with `PRAGMA integrity_check`"
    )]
    UnsoundBackup {
        /// The file.
        path: String,
        /// The first line of what the check says.
        problem: String,
    },
    /// The schema that a version leaves could not be read for a comparison.
    #[error(
        "the schema of {engine} can't be read after version {version}: the connection failed, or the schema \
         has a view over what is not there (make such a view anew in that version, or drop it)"
    )]
    SchemaUnread {
        /// The version.
        version: i64,
        /// The engine's name.
        engine: &'static str,
        /// The database's error.
        #[source]
        source: sqlx::Error,
    },
    /// The history could not be read or written.
    #[error("the migration history (`_sqlx_migrations`) can't be {doing}")]
    History {
        /// `"read"`, `"created"` and so on.
        doing: &'static str,
        /// The database's error.
        #[source]
        source: sqlx::Error,
    },
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn list(versions: &[(i64, String)]) -> String {
    let one = |(version, description): &(i64, String)| format!("{version} ({description})");
    versions.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn under_way(statement: Option<&str>) -> String {
    statement.map_or_else(String::new, |sql| {
        format!(" (`{}`)", super::statement::shorten(sql))
    })
}

fn held_by(holder: Option<&str>) -> String {
    holder.map_or_else(String::new, |holder| format!(": {holder}"))
}

impl MigrationError {
    /// The database's own error, where there is one: a lost connection is a reason to try again, a
    /// changed file is none.
    #[must_use]
    pub fn database(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Failed(_, source)
            | Self::Around { source, .. }
            | Self::Backup { source, .. }
            | Self::Scratch { source, .. }
            | Self::SchemaUnread { source, .. }
            | Self::History { source, .. } => Some(source),
            _ => None,
        }
    }

    /// What needs more than a line: the difference of two texts or of two schemas.
    #[must_use]
    pub fn details(&self) -> Option<&str> {
        match self {
            Self::Changed { difference, .. } => difference.as_deref(),
            Self::Differs { difference, .. } | Self::Irreversible { difference, .. } => {
                Some(difference)
            }
            _ => None,
        }
    }
}
