//! Migration files: their names, their rules, and the list of versions that they make.
//!
//! This file stands on the standard library alone, because the build script reads it too: a folder
//! that breaks a rule stops the build, with the same message that a run-time source gets.

use std::collections::BTreeMap;
use std::fmt;

/// The file that lists which differences between the engines are meant. It is no migration.
pub const PARITY: &str = "parity.toml";

/// One version of the schema: what brings a database there, and perhaps what takes it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The fourteen digits that open the file's name, read as a number.
    pub number: i64,
    /// The slug with spaces for underscores, as sqlx writes it.
    pub description: String,
    /// The SQL that applies the version.
    pub up: Script,
    /// The SQL that undoes it, where there is any.
    pub down: Option<Script>,
}

/// The SQL of one direction of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Script {
    /// One text for both engines.
    Portable(Text),
    /// A text for each engine.
    Variants {
        /// What runs on `PostgreSQL`.
        postgres: Text,
        /// What runs on `SQLite`.
        sqlite: Text,
    },
}

/// A file's text and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The path below the migrations folder, for messages.
    pub path: String,
    /// The file's contents.
    pub sql: String,
}

/// A folder of migrations that breaks a rule. Each names the file and says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceError {
    /// The name is not `<14 digits>_<slug>[.up|.down].sql`.
    Name(String),
    /// Two files say what one version does on one engine.
    Duplicate(i64, String, String),
    /// A version that has a file for one engine and none for the other.
    OneSided(String, &'static str),
    /// A `.down.sql` without its `.up.sql`.
    NoUp(String),
    /// The files of one version have different slugs.
    Slug(String, String),
    /// The text has a carriage return or a byte-order mark.
    Bytes(String, &'static str),
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(path) => write!(
                f,
                "{path}: the name is not `<14 digits>_<slug>.sql`, `.up.sql` or `.down.sql`, with a \
                 slug of lower-case letters, digits and underscores; rename the file"
            ),
            Self::Duplicate(number, one, other) => write!(
                f,
                "{one} and {other} both say what version {number} does; give one of them a version of its own"
            ),
            Self::OneSided(path, missing) => write!(
                f,
                "{path} has no counterpart in {missing}/; write it, as a comment that says why where \
                 there is nothing to do"
            ),
            Self::NoUp(path) => {
                write!(
                    f,
                    "{path} undoes a version that no `.up.sql` makes; write the `.up.sql`"
                )
            }
            Self::Slug(one, other) => {
                write!(
                    f,
                    "{one} and {other} are one version with two slugs; give them one name"
                )
            }
            Self::Bytes(path, what) => {
                write!(
                    f,
                    "{path} has {what}; save it with LF line ends and without a byte-order mark"
                )
            }
        }
    }
}

impl std::error::Error for SourceError {}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Portable,
    Postgres,
    Sqlite,
}

/// The texts of one direction of a version, while they are gathered.
type Texts = BTreeMap<Side, Text>;

#[derive(Default)]
struct Gathered {
    slug: String,
    first: String,
    up: Texts,
    down: Texts,
}

/// Makes the list of versions, oldest first, from the files of a migrations folder.
///
/// `files` are pairs of a path below the folder (`20260101000000_baseline.sql`,
/// `postgres/20260301090000_search.up.sql`) and the contents. [`PARITY`] is passed over.
///
/// # Errors
/// The first rule that is broken, with the file that breaks it.
pub fn parse<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<Version>, SourceError> {
    let mut versions: BTreeMap<i64, Gathered> = BTreeMap::new();
    for (path, sql) in files {
        if path == PARITY {
            continue;
        }
        if sql.starts_with('\u{feff}') {
            return Err(SourceError::Bytes(path.to_owned(), "a byte-order mark"));
        }
        if sql.contains('\r') {
            return Err(SourceError::Bytes(path.to_owned(), "a carriage return"));
        }
        let name = Name::parse(path).ok_or_else(|| SourceError::Name(path.to_owned()))?;
        let gathered = versions.entry(name.number).or_default();
        if gathered.first.is_empty() {
            path.clone_into(&mut gathered.first);
            name.slug.clone_into(&mut gathered.slug);
        } else if gathered.slug != name.slug {
            return Err(SourceError::Slug(gathered.first.clone(), path.to_owned()));
        }
        let texts = if name.down {
            &mut gathered.down
        } else {
            &mut gathered.up
        };
        let text = Text {
            path: path.to_owned(),
            sql: sql.to_owned(),
        };
        if let Some(other) = texts.insert(name.side, text) {
            return Err(SourceError::Duplicate(
                name.number,
                other.path,
                path.to_owned(),
            ));
        }
    }
    versions
        .into_iter()
        .map(|(number, gathered)| finish(number, gathered))
        .collect()
}

fn finish(number: i64, gathered: Gathered) -> Result<Version, SourceError> {
    let up = script(number, gathered.up)?;
    let down = script(number, gathered.down)?;
    let Some(up) = up else {
        return Err(SourceError::NoUp(gathered.first));
    };
    Ok(Version {
        number,
        description: gathered.slug.replace('_', " "),
        up,
        down,
    })
}

fn script(number: i64, mut texts: Texts) -> Result<Option<Script>, SourceError> {
    let portable = texts.remove(&Side::Portable);
    let postgres = texts.remove(&Side::Postgres);
    let sqlite = texts.remove(&Side::Sqlite);
    match (portable, postgres, sqlite) {
        (None, None, None) => Ok(None),
        (Some(text), None, None) => Ok(Some(Script::Portable(text))),
        (None, Some(postgres), Some(sqlite)) => Ok(Some(Script::Variants { postgres, sqlite })),
        (None, Some(only), None) => Err(SourceError::OneSided(only.path, "sqlite")),
        (None, None, Some(only)) => Err(SourceError::OneSided(only.path, "postgres")),
        (Some(portable), Some(other), _) | (Some(portable), None, Some(other)) => {
            Err(SourceError::Duplicate(number, portable.path, other.path))
        }
    }
}

struct Name<'a> {
    side: Side,
    number: i64,
    slug: &'a str,
    down: bool,
}

impl<'a> Name<'a> {
    fn parse(path: &'a str) -> Option<Self> {
        let (side, name) = match path.split_once('/') {
            None => (Side::Portable, path),
            Some(("postgres", name)) => (Side::Postgres, name),
            Some(("sqlite", name)) => (Side::Sqlite, name),
            Some(_) => return None,
        };
        let stem = name.strip_suffix(".sql")?;
        let (stem, down) = match stem.strip_suffix(".down") {
            Some(stem) => (stem, true),
            None => (stem.strip_suffix(".up").unwrap_or(stem), false),
        };
        let (digits, slug) = stem.split_once('_')?;
        let well_formed = digits.len() == 14
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !slug.is_empty()
            && slug
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        well_formed.then_some(())?;
        Some(Self {
            side,
            number: digits.parse().ok()?,
            slug,
            down,
        })
    }
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
