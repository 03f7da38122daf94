//! A statement that failed, and what became of its migration.

use std::fmt;

use super::statement::shorten;

/// A statement that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The version.
    pub version: i64,
    /// The file below the migrations folder.
    pub path: String,
    /// The line on which the statement begins, from 1.
    pub line: usize,
    /// The statement.
    pub statement: String,
    /// What became of its effects.
    pub undone: Undone,
    /// The command that ran: `up` or `down`.
    pub command: &'static str,
}

impl Failure {
    /// What to do next, with the command to type.
    #[must_use]
    pub fn next(&self) -> String {
        self.undone.next(self.version, self.command)
    }

    pub(super) fn short(&self) -> String {
        shorten(&self.statement)
    }
}

/// What became of a migration that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Undone {
    /// Its transaction was rolled back: it has left nothing.
    RolledBack,
    /// It ran outside of a transaction, and its invalid index was dropped: it has left nothing.
    IndexDropped,
    /// It ran outside of a transaction and is marked as dirty.
    Nothing,
    /// The connection was lost while it was committed.
    Unknown,
}

impl fmt::Display for Undone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RolledBack => "was rolled back",
            Self::IndexDropped => "its invalid index was dropped again",
            Self::Nothing => "was not rolled back, for it runs without a transaction",
            Self::Unknown => "whether it was committed is not known",
        })
    }
}

impl Undone {
    pub(super) fn next(self, version: i64, command: &str) -> String {
        match self {
            Self::RolledBack | Self::IndexDropped => {
                format!("mend the file or the data and run `twinbase migrate {command}` again")
            }
            Self::Nothing => format!(
                "see what it did, then run `twinbase migrate repair --version {version} --as applied`, or \
                 `--as pending` after undoing it"
            ),
            Self::Unknown => "run `twinbase migrate status`".to_owned(),
        }
    }
}
