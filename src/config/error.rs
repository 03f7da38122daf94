//! What can be wrong with a configuration.

use std::fmt;
use std::path::PathBuf;

use super::source::Source;

/// Why a configuration was refused. `Display` is one line a problem; no secret is in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file was named but isn't there.
    #[error("{} (named by {named_by}) does not exist", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What named it: `--config` or `TWINBASE_CONFIG`.
        named_by: &'static str,
    },
    /// The file is there but can't be read.
    #[error("{} can't be read; check that it is a file and its permissions", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file isn't text.
    #[error("{}, line {line}: not UTF-8; save the file as UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line with the first wrong byte, counted from 1.
        line: usize,
    },
    /// The file isn't TOML.
    #[error("{}, line {line}, column {column}: not valid TOML: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The column in characters, counted from 1.
        column: usize,
        /// What the parser expected; it quotes nothing of the file's values.
        message: String,
    },
    /// Keys or values that can't be used, all of them.
    #[error("{}", lines(problems))]
    Invalid {
        /// The problems, in the order of the layers.
        problems: Vec<Problem>,
    },
}

impl ConfigError {
    /// The problems of [`ConfigError::Invalid`]; none for the others.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Invalid { problems } => problems,
            _ => &[],
        }
    }
}

fn lines(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// One thing that is wrong, on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The key, like `database.pool_size`; none where no known key is meant.
    pub key: Option<String>,
    /// Where the value or the name came from.
    pub source: Source,
    /// What is wrong and what to do, without any secret.
    pub message: String,
}

impl Problem {
    /// A problem with the value of a known key.
    pub(super) fn with(key: &str, source: Source, message: impl Into<String>) -> Self {
        Self {
            key: Some(key.to_owned()),
            source,
            message: message.into(),
        }
    }

    /// A problem with a name that means nothing here.
    pub(super) fn at(source: Source, message: impl Into<String>) -> Self {
        Self {
            key: None,
            source,
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.key, &self.source) {
            (Some(key), Source::Default) => write!(f, "{key}: {}", self.message),
            (Some(key), source) => write!(f, "{key}, from {source}: {}", self.message),
            (None, source) => write!(f, "{source}: {}", self.message),
        }
    }
}
