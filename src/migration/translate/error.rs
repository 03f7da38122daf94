//! Why a migration is not portable as it stands.

use std::fmt;

/// A place in the source, as editors count it: both numbers begin with 1, columns are characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character within the line.
    pub column: usize,
}

impl Position {
    /// The place of the byte at `offset` of `sql`.
    pub(super) fn of(sql: &str, offset: usize) -> Self {
        let before = &sql[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A portable migration that can't be translated. Both engines refuse the same text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TranslateError {
    /// A string, quoted name or comment has no end.
    #[error("{position}: this {what} has no end")]
    Unterminated {
        /// Where it begins.
        position: Position,
        /// What it is.
        what: &'static str,
    },

    /// The text is not what has to stand here.
    #[error("{position}: expected {expected}, found {found}")]
    Unexpected {
        /// Where.
        position: Position,
        /// What would be understood.
        expected: &'static str,
        /// What stands there.
        found: String,
    },

    /// A column type that is not one of the portable ones.
    #[error("{position}: {found} is not a portable column type; {advice}")]
    UnknownType {
        /// Where.
        position: Position,
        /// The type as written.
        found: String,
        /// What to write instead.
        advice: &'static str,
    },

    /// The engines differ over this, or only one of them has it.
    #[error("{position}: {what} is not portable; {advice}")]
    NotPortable {
        /// Where.
        position: Position,
        /// What it is.
        what: String,
        /// What to write instead.
        advice: &'static str,
    },

    /// A DEFAULT that the column can't hold, or that is no literal.
    #[error("{position}: {found} can't be the default of {column_type}; {advice}")]
    UnfitDefault {
        /// Where.
        position: Position,
        /// The default as written.
        found: String,
        /// The type of the column.
        column_type: String,
        /// What to write instead.
        advice: String,
    },
}

impl TranslateError {
    /// Where in the source.
    #[must_use]
    pub const fn position(&self) -> Position {
        match self {
            Self::Unterminated { position, .. }
            | Self::Unexpected { position, .. }
            | Self::UnknownType { position, .. }
            | Self::NotPortable { position, .. }
            | Self::UnfitDefault { position, .. } => *position,
        }
    }
}
