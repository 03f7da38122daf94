//! URLs of SQLite, in sqlx's meaning and in SQLAlchemy's.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use std::path::PathBuf;
use url::form_urlencoded;

use super::error::UrlError;
use super::parameter::printable;
use super::{DatabaseUrl, Mode, Target};

/// What can't stand for itself in the file of a URL that sqlx reads.
const FILE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

const MEMORY: &str = "sqlite::memory:";

impl DatabaseUrl {
    /// Reads what follows `sqlite:`, in sqlx's meaning: two slashes are part of the scheme, what
    /// follows is the file, percent-encoded.
    pub(super) fn sqlite(rest: &str) -> Result<Self, UrlError> {
        let three_slashes = rest.starts_with("///") && !rest.starts_with("////");
        let (file, query) = split_query(rest.strip_prefix("//").unwrap_or(rest));
        let parameters = Parameters::read(query)?;
        if file == ":memory:" || parameters.memory {
            return parameters.in_memory();
        }
        let file = percent_decode_str(file)
            .decode_utf8()
            .ok()
            .filter(|file| !file.contains('\0'))
            .ok_or(UrlError::NotText { part: "file" })?;
        parameters.of_file(&file, three_slashes)
    }

    /// Reads what follows `sqlite+aiosqlite:`, in SQLAlchemy's meaning: `//`, an empty host, a
    /// slash, and the file as it is. No file is a database in memory. See
    /// <https://docs.sqlalchemy.org/en/20/core/engines.html#sqlite>.
    pub(super) fn sqlalchemy_sqlite(rest: &str) -> Result<Self, UrlError> {
        let (file, query) =
            split_query(rest.strip_prefix("//").ok_or(UrlError::SqlAlchemySlashes)?);
        let parameters = Parameters::read(query)?;
        if file.is_empty() || parameters.memory {
            return parameters.in_memory();
        }
        match file.strip_prefix('/').ok_or(UrlError::SqlAlchemySlashes)? {
            "" | ":memory:" => parameters.in_memory(),
            file => parameters.of_file(file, false),
        }
    }

    /// The URL of a file; `query` is what follows the `?`.
    pub(super) fn file(
        path: PathBuf,
        mode: Option<Mode>,
        three_slashes: bool,
        query: &str,
    ) -> Self {
        let name = path.to_string_lossy();
        let mark = if query.is_empty() { "" } else { "?" };
        let text = format!("sqlite:{}{mark}{query}", utf8_percent_encode(&name, FILE));
        Self {
            redacted: text.clone(),
            text,
            target: Target::File {
                path,
                mode,
                three_slashes,
            },
        }
    }
}

fn split_query(rest: &str) -> (&str, &str) {
    rest.split_once('?').unwrap_or((rest, ""))
}

/// The parameters of a SQLite URL.
#[derive(Default)]
struct Parameters {
    mode: Option<Mode>,
    memory: bool,
    immutable: bool,
    cache: Option<Cache>,
}

/// The parameter `cache`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cache {
    Shared,
    Private,
}

impl Parameters {
    fn read(query: &str) -> Result<Self, UrlError> {
        let mut read = Self::default();
        let mut seen: Vec<String> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let refuse = |hint: &str| {
                Err(UrlError::Parameter {
                    name: printable(&name),
                    hint: hint.into(),
                })
            };
            if seen.iter().any(|known| *known == name) {
                return refuse("it is there twice");
            }
            match (&*name, &*value) {
                ("mode", "ro") => read.mode = Some(Mode::ReadOnly),
                ("mode", "rw") => read.mode = Some(Mode::Existing),
                ("mode", "rwc") => read.mode = Some(Mode::Create),
                ("mode", "memory") => read.memory = true,
                ("mode", _) => return refuse("its value must be ro, rw, rwc or memory"),
                ("cache", "shared") => read.cache = Some(Cache::Shared),
                ("cache", "private") => read.cache = Some(Cache::Private),
                ("cache", _) => return refuse("its value must be shared or private"),
                ("immutable", "1" | "true") => read.immutable = true,
                ("immutable", "0" | "false") => {}
                ("immutable", _) => return refuse("its value must be 1 or 0"),
                ("vfs", _) => {
                    return refuse("only SQLite's own way to the disk is used; remove it");
                }
                ("timeout", _) => return refuse("remove it and set database.sqlite_busy_timeout"),
                ("check_same_thread", _) => {
                    return refuse("it belongs to Python's driver; remove it");
                }
                _ => return refuse("mode is the one that a SQLite file takes; remove it"),
            }
            seen.push(name.into_owned());
        }
        Ok(read)
    }

    /// The database in memory, which the whole pool shares.
    fn in_memory(&self) -> Result<DatabaseUrl, UrlError> {
        let refuse = |name: &str, hint: &str| {
            Err(UrlError::Parameter {
                name: name.into(),
                hint: hint.into(),
            })
        };
        if self.cache == Some(Cache::Private) {
            return refuse(
                "cache",
                "a database in memory is shared by the whole pool; remove it",
            );
        }
        if self.immutable || self.mode.is_some() {
            let name = if self.immutable { "immutable" } else { "mode" };
            return refuse(
                name,
                "a database in memory is always new and written to; remove it",
            );
        }
        Ok(DatabaseUrl {
            text: MEMORY.into(),
            redacted: MEMORY.into(),
            target: Target::Memory,
        })
    }

    fn of_file(&self, file: &str, three_slashes: bool) -> Result<DatabaseUrl, UrlError> {
        let refuse = |name: &str, hint: &str| {
            Err(UrlError::Parameter {
                name: name.into(),
                hint: hint.into(),
            })
        };
        if file.is_empty() {
            return Err(UrlError::NoFile);
        }
        if file.starts_with("file:") {
            return Err(UrlError::FileUri);
        }
        if file.rsplit('/').next() == Some(":memory:") {
            return Err(UrlError::MemoryAsFile);
        }
        if self.cache == Some(Cache::Shared) {
            return refuse(
                "cache",
                "a shared cache locks whole tables and ignores the busy timeout; remove it",
            );
        }
        if self.immutable && self.mode != Some(Mode::ReadOnly) {
            return refuse(
                "immutable",
                "it is for files that nothing writes; add mode=ro",
            );
        }
        // Two slashes at the start would be read as part of the scheme.
        let trimmed = file.trim_start_matches('/');
        let path = if trimmed.len() < file.len() {
            format!("/{trimmed}")
        } else {
            trimmed.to_owned()
        };
        let mode = match self.mode {
            Some(Mode::ReadOnly) if self.immutable => "mode=ro&immutable=1",
            Some(Mode::ReadOnly) => "mode=ro",
            Some(Mode::Existing) => "mode=rw",
            Some(Mode::Create) => "mode=rwc",
            None => "",
        };
        Ok(DatabaseUrl::file(
            PathBuf::from(path),
            self.mode,
            three_slashes,
            mode,
        ))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests;
