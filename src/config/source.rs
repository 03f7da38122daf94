//! Where a value came from.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from, as messages and `config show` name it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// Nothing set it.
    Default,
    /// A line of the configuration file.
    File {
        /// The file, as it was named.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// An environment variable.
    Variable(String),
    /// A file that an environment variable names.
    SecretFile {
        /// The variable, which ends in `_FILE`.
        variable: String,
        /// The file.
        path: PathBuf,
    },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => {
                write!(f, "{}, line {line}", path.to_string_lossy().escape_debug())
            }
            Self::Variable(name) => f.write_str(name),
            Self::SecretFile { variable, path } => {
                write!(
                    f,
                    "{variable}, file {}",
                    path.to_string_lossy().escape_debug()
                )
            }
        }
    }
}
