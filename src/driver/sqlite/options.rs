//! How a connection is opened, and the URL that carries it through sqlx.

use super::memory::MemoryDatabase;
pub use crate::config::Synchronous;
use crate::driver::link::PARAMETER;
use sqlx_core::percent_encoding::{
    AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode,
};
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// Where the database is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Location {
    /// In this file; a relative path starts at the working directory.
    File(PathBuf),
    /// In a private temporary file, for as long as this value or a connection lives.
    Memory(MemoryDatabase),
}

/// How the driver opens a connection.
///
/// sqlx gives a driver nothing but a URL: [`to_url`](Self::to_url) writes the options as private
/// parameters, which the driver reads again at each connect.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub struct Options {
    /// Where the database is.
    pub location: Location,
    /// Whether nothing may be written; false by default.
    pub read_only: bool,
    /// Whether statements may only read, though the file is open for writing; false by default.
    /// Unlike with `read_only`, the file and its write-ahead log are made and looked after.
    pub query_only: bool,
    /// Whether a file that is missing is created; false by default.
    pub create: bool,
    /// How long a statement waits for another connection's lock; 5 s by default.
    pub busy_timeout: Duration,
    /// When SQLite waits for the disk; [`Synchronous::Full`] by default. An in-memory database
    /// never waits, since nothing of it survives anyway.
    pub synchronous: Synchronous,
    /// The page cache of a connection, in KiB; 0 leaves SQLite's own size. 2048 by default.
    pub cache_size_kib: u64,
    /// What the write-ahead log is cut to after a checkpoint, in bytes; 64 MiB by default.
    pub journal_size_limit: u64,
    /// Whether foreign keys are enforced; true by default.
    pub foreign_keys: bool,
    /// How long a statement may run, waiting for locks included; zero, the default, means no limit.
    pub statement_timeout: Duration,
    /// How long a transaction, or a statement outside of one, may hold its snapshot of the database;
    /// zero, the default, means no limit. For connections that read: a writer's is cut off just so.
    pub snapshot_limit: Duration,
    /// Whether a plain `begin()` takes the write lock at once (`BEGIN IMMEDIATE`), so that it
    /// can't fail half way because another connection wrote; false by default.
    pub begin_immediate: bool,
    /// Whether reads that have proven short run on the caller's thread; true by default.
    pub inline_reads: bool,
    /// Whether the file is read without any lock and without the files of the write-ahead log, which
    /// even a reader makes; false by default. Only together with `read_only`, and only right while
    /// nobody writes: the caller has to see to that.
    pub at_rest: bool,
}

/// A URL that names no SQLite database, or not in a way that the driver knows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// The scheme is another engine's.
    #[error("the URL's scheme is not sqlite")]
    Scheme,
    /// No file is named.
    #[error("the URL names no file: write sqlite:FILE, or sqlite::memory:")]
    NoFile,
    /// SQLite's own URI file names would go around the options.
    #[error("file names that start with file: are not supported: name the file itself")]
    FileUri,
    /// The file's name is no UTF-8.
    #[error("the file name in the URL is not UTF-8")]
    NotUtf8,
    /// A parameter that the driver does not know.
    #[error("unknown parameter {0} in the SQLite URL: mode is known (ro, rw, rwc, memory)")]
    UnknownParameter(String),
    /// A parameter whose value means nothing.
    #[error("the parameter {0} of the SQLite URL has a value that is not supported")]
    Value(String),
    /// The folder for an in-memory database can't be made.
    #[error("no folder for the in-memory database: check TMPDIR")]
    Memory(#[source] std::io::Error),
}

/// The name under which all connections with the bare URL `sqlite::memory:` find their database.
const COMMON_MEMORY: &str = "common";

/// What stays as it is in a path: letters, digits, and what no part of a URL uses.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_');

impl Options {
    /// The defaults, for a database in this place.
    #[must_use]
    pub const fn new(location: Location) -> Self {
        Self {
            location,
            read_only: false,
            query_only: false,
            create: false,
            busy_timeout: Duration::from_secs(5),
            synchronous: Synchronous::Full,
            cache_size_kib: 2048,
            journal_size_limit: 64 * 1024 * 1024,
            foreign_keys: true,
            statement_timeout: Duration::ZERO,
            snapshot_limit: Duration::ZERO,
            begin_immediate: false,
            inline_reads: true,
            at_rest: false,
        }
    }

    /// Reads a URL: one of sqlx's (`sqlite://x.db`, `sqlite:x.db?mode=rwc`, `sqlite::memory:`) or
    /// one of [`to_url`](Self::to_url).
    ///
    /// `sqlite::memory:` becomes a database of its own at each call, which the connections share
    /// that are opened with the [`to_url`](Self::to_url) of the result.
    ///
    /// # Errors
    /// Where the URL names no database or has a parameter that is not known.
    pub fn from_url(url: &Url) -> Result<Self, OptionsError> {
        Self::parse(url, None)
    }

    /// Reads the URL of a connection. All that have the bare `sqlite::memory:` share one database
    /// while one of them is open: a connection can't tell of which pool it is.
    pub(super) fn from_connection_url(url: &Url) -> Result<Self, OptionsError> {
        Self::parse(url, Some(COMMON_MEMORY))
    }

    fn parse(url: &Url, bare_memory: Option<&str>) -> Result<Self, OptionsError> {
        if !super::URL_SCHEMES.contains(&url.scheme()) {
            return Err(OptionsError::Scheme);
        }
        let text = &url.as_str()[url.scheme().len() + 1..];
        let text = text.strip_prefix("//").unwrap_or(text);
        let text = text.split('#').next().unwrap_or(text);
        let path = text.split('?').next().unwrap_or(text);
        let path = percent_decode_str(path)
            .decode_utf8()
            .map_err(|_| OptionsError::NotUtf8)?;
        let parameter = |name: &str| {
            let found = url.query_pairs().find(|(key, _)| key == name);
            found.map(|(_, value)| value.into_owned())
        };
        let in_memory = |name: Option<&str>| {
            let database = name.map_or_else(MemoryDatabase::new, MemoryDatabase::named);
            database.map(Location::Memory).map_err(OptionsError::Memory)
        };
        let location = if path == ":memory:" {
            in_memory(parameter("twinbase_memory").as_deref().or(bare_memory))?
        } else if parameter("mode").is_some_and(|mode| mode == "memory") {
            in_memory(Some(&path))?
        } else if path.is_empty() {
            return Err(OptionsError::NoFile);
        } else if path.starts_with("file:") {
            return Err(OptionsError::FileUri);
        } else {
            Location::File(PathBuf::from(path.as_ref()))
        };
        let mut options = Self::new(location);
        for (key, value) in url.query_pairs() {
            options.set(&key, &value)?;
        }
        Ok(options)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), OptionsError> {
        let wrong = || OptionsError::Value(key.to_owned());
        let number = || value.parse::<u64>().map_err(|_| wrong());
        let switch = || match value {
            "1" | "true" => Ok(true),
            "0" | "false" => Ok(false),
            _ => Err(wrong()),
        };
        match key {
            "mode" => match value {
                "ro" => self.read_only = true,
                "rw" | "memory" => {}
                "rwc" => self.create = true,
                _ => return Err(wrong()),
            },
            "cache" if value == "private" => {}
            "immutable" if !switch()? => {}
            "cache" | "immutable" => return Err(wrong()),
            "twinbase_memory" | PARAMETER => {}
            "twinbase_busy_timeout_ms" => self.busy_timeout = Duration::from_millis(number()?),
            "twinbase_synchronous" => {
                self.synchronous = match value {
                    "full" => Synchronous::Full,
                    "normal" => Synchronous::Normal,
                    _ => return Err(wrong()),
                }
            }
            "twinbase_cache_size_kib" => self.cache_size_kib = number()?,
            "twinbase_journal_size_limit" => self.journal_size_limit = number()?,
            "twinbase_query_only" => self.query_only = switch()?,
            "twinbase_foreign_keys" => self.foreign_keys = switch()?,
            "twinbase_statement_timeout_ms" => {
                self.statement_timeout = Duration::from_millis(number()?);
            }
            "twinbase_snapshot_limit_ms" => self.snapshot_limit = Duration::from_millis(number()?),
            "twinbase_begin_immediate" => self.begin_immediate = switch()?,
            "twinbase_inline_reads" => self.inline_reads = switch()?,
            "twinbase_at_rest" => self.at_rest = switch()?,
            _ => return Err(OptionsError::UnknownParameter(key.to_owned())),
        }
        Ok(())
    }

    /// The URL that carries the options to the driver, through [`AnyConnectOptions`].
    ///
    /// Keep the options while the pool lives if they are of an in-memory database: it goes with
    /// them and the last connection.
    ///
    /// [`AnyConnectOptions`]: sqlx_core::any::AnyConnectOptions
    #[must_use]
    pub fn to_url(&self) -> String {
        let (path, memory) = match &self.location {
            Location::File(path) => {
                let path = path.to_string_lossy();
                let slashes = if path.starts_with('/') { "//" } else { "" };
                (
                    format!("{slashes}{}", utf8_percent_encode(&path, PATH)),
                    None,
                )
            }
            Location::Memory(memory) => (":memory:".to_owned(), Some(memory.name())),
        };
        let mode = match (memory, self.read_only, self.create) {
            (None, true, _) => Some("ro"),
            (None, false, true) => Some("rwc"),
            _ => None,
        };
        let synchronous = match self.synchronous {
            Synchronous::Full => "full",
            Synchronous::Normal => "normal",
        };
        let switch = |on: bool| if on { "1" } else { "0" };
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .extend_pairs(mode.map(|mode| ("mode", mode)))
            .extend_pairs(memory.map(|name| ("twinbase_memory", name)))
            .append_pair(
                "twinbase_busy_timeout_ms",
                &self.busy_timeout.as_millis().to_string(),
            )
            .append_pair("twinbase_synchronous", synchronous)
            .append_pair("twinbase_cache_size_kib", &self.cache_size_kib.to_string())
            .append_pair(
                "twinbase_journal_size_limit",
                &self.journal_size_limit.to_string(),
            )
            .append_pair("twinbase_foreign_keys", switch(self.foreign_keys))
            .append_pair(
                "twinbase_statement_timeout_ms",
                &self.statement_timeout.as_millis().to_string(),
            )
            .append_pair(
                "twinbase_snapshot_limit_ms",
                &self.snapshot_limit.as_millis().to_string(),
            )
            .append_pair("twinbase_begin_immediate", switch(self.begin_immediate))
            .append_pair("twinbase_query_only", switch(self.query_only))
            .append_pair("twinbase_inline_reads", switch(self.inline_reads))
            .append_pair("twinbase_at_rest", switch(self.at_rest));
        if memory.is_some() && self.read_only {
            query.append_pair("mode", "ro");
        }
        format!("sqlite:{path}?{}", query.finish())
    }

    /// The name under which SQLite opens a file at rest.
    pub(super) fn immutable_name(&self) -> String {
        let path = self.path();
        let path = path.to_string_lossy();
        format!("file:{}?immutable=1", utf8_percent_encode(&path, PATH))
    }

    /// The file that holds the database.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        match &self.location {
            Location::File(path) => path.clone(),
            Location::Memory(memory) => memory.path(),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Result<Options, OptionsError> {
        Options::from_url(&url.parse().unwrap())
    }

    #[test]
    fn plain_urls_mean_what_sqlx_means() {
        for (url, path) in [
            ("sqlite://x.db", "x.db"),
            ("sqlite:x.db", "x.db"),
            ("sqlite:data/x.db", "data/x.db"),
            ("sqlite:///tmp/x.db", "/tmp/x.db"),
            ("sqlite:/tmp/x.db", "/tmp/x.db"),
            ("sqlite:my%20file%3F.db", "my file?.db"),
            ("sqlite://Data/X.db", "Data/X.db"),
        ] {
            let options = parsed(url).unwrap();
            assert_eq!(options.path(), PathBuf::from(path), "{url}");
            assert!(!options.create && !options.read_only && options.foreign_keys);
            assert_eq!(options.busy_timeout, Duration::from_secs(5));
        }
        assert!(parsed("sqlite:x.db?mode=rwc").unwrap().create);
        assert!(parsed("sqlite:x.db?mode=ro").unwrap().read_only);
    }

    #[test]
    fn options_survive_their_url() {
        let mut options = Options::new(Location::File("/tmp/a b?#%&é.db".into()));
        options.create = true;
        options.busy_timeout = Duration::from_millis(1234);
        options.synchronous = Synchronous::Normal;
        options.cache_size_kib = 77;
        options.journal_size_limit = 88;
        options.foreign_keys = false;
        options.statement_timeout = Duration::from_millis(99);
        options.begin_immediate = true;
        options.inline_reads = false;
        options.at_rest = true;
        let url = options.to_url();
        assert_eq!(
            format!("{:?}", parsed(&url).unwrap()),
            format!("{options:?}"),
            "{url}"
        );
        let relative = Options::new(Location::File("a/../b.db".into()));
        assert_eq!(
            parsed(&relative.to_url()).unwrap().path(),
            PathBuf::from("a/../b.db")
        );
    }

    #[test]
    fn an_in_memory_url_is_one_database() {
        let one = parsed("sqlite::memory:").unwrap();
        let two = parsed("sqlite::memory:").unwrap();
        assert_ne!(one.path(), two.path());
        assert_eq!(parsed(&one.to_url()).unwrap().path(), one.path());
        let named = parsed("sqlite:cache?mode=memory").unwrap();
        assert_eq!(
            parsed("sqlite:cache?mode=memory").unwrap().path(),
            named.path()
        );
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for url in [
            "postgres://x/y",
            "sqlite:",
            "sqlite://",
            "sqlite:file:x.db",
            "sqlite:x?mode=x",
            "sqlite:x?cache=shared",
            "sqlite:x?immutable=1",
            "sqlite:x?vfs=y",
            "sqlite:x?twinbase_x=1",
            "sqlite:x?twinbase_foreign_keys=maybe",
            "sqlite:x?twinbase_cache_size_kib=-1",
        ] {
            assert!(parsed(url).is_err(), "{url}");
        }
    }
}
