//! `[database]`: which database, and how its connections are kept.

use std::time::Duration;

use super::duration::span;
use super::kind::{Choice, Flag, OtherUrl, Text, Url, one_of, quoted, whole};
use super::section::section;
use super::size::{bytes, kibibytes};
use super::url::DatabaseUrl;

section! {
    /// Which database, and how its connections are kept.
    pub struct DatabaseConfig in database {
        /// The database: `postgres://user:password@host/name` or `sqlite://file`. Unset is a SQLite file.
        ///
        /// Where nothing sets it, the database is the SQLite file [`DatabaseConfig::DEFAULT_FILE`]
        /// in the current directory, and [`load()`](crate::config::load()) warns of it.
        pub url: Option<DatabaseUrl> = None, Url;

        /// The engine that the URL must name: "any", "sqlite" or "postgres".
        ///
        /// Set `"postgres"` in production, so that a lost URL can't mean an empty SQLite file.
        pub require: Requirement = Requirement::Any, one_of();

        /// How many connections the pool keeps open; 1 to 10000.
        pub pool_size: u32 = 20, whole(1..=10_000);

        /// How many more connections it opens at a peak, closed when they are returned; 0 to 10000.
        ///
        /// PostgreSQL's `max_connections` has to hold `pool_size + max_overflow` for each process.
        pub max_overflow: u32 = 10, whole(0..=10_000);

        /// How long to wait for a connection of the pool before giving up; 1ms to 1h.
        pub acquire_timeout: Duration = Duration::from_secs(30), span(1..=3_600_000);

        /// How long one attempt to connect may take; 1ms to 1h.
        ///
        /// Shorter than `acquire_timeout`, so that one lost packet leaves time for another attempt.
        pub connect_timeout: Duration = Duration::from_secs(10), span(1..=3_600_000);

        /// The age at which a connection is replaced rather than used again; 1s to 30d, or 0s for never.
        ///
        /// Below what firewalls and proxies allow an old connection.
        pub recycle: Duration = Duration::from_hours(1), span(1000..=2_592_000_000).or_zero("never");

        /// Whether a connection that was idle is tested before it is used.
        pub pre_ping: bool = true, Flag;

        /// How long a connection must have been idle to be tested; 1ms to 1h, or 0s for always.
        ///
        /// A connection that has just served another caller is alive, and a test costs PostgreSQL a
        /// round trip. One that fails its test has all that are older than the failure replaced; one that is
        /// lost while it is used has all that are idle tested before they are used.
        pub pre_ping_idle: Duration = Duration::from_secs(1), span(1..=3_600_000).or_zero("always");

        /// How long the test of a connection may take before it counts as dead; 1ms to 1h.
        pub ping_timeout: Duration = Duration::from_secs(5), span(1..=3_600_000);

        /// The wait for a connection above which waiters are refused early; 1ms to 1h, or 0s for never.
        ///
        /// Where every caller of the last `shed_interval` had to wait longer than this, the pool is
        /// overloaded, and those that have waited more than twice as long are refused (CoDel, as in
        /// Ecto's DBConnection): an answer that comes late helps nobody and delays the others.
        pub shed_target: Duration = Duration::from_secs(1), span(1..=3_600_000).or_zero("never");

        /// How long waits must stay above `shed_target` before waiters are refused; 1ms to 1h.
        pub shed_interval: Duration = Duration::from_secs(5), span(1..=3_600_000);

        /// How long a connection may be held before its holder is logged; 1ms to 1d, or 0s for never.
        pub leak_warning: Duration = Duration::from_mins(1), span(1..=86_400_000).or_zero("never");

        /// How long a transaction is run again after serialization failures; 1ms to 1h, or 0s for never.
        ///
        /// Of `Lane::transaction` and `Database::write`, from the start of their first run.
        pub retry_deadline: Duration = Duration::from_secs(10), span(1..=3_600_000).or_zero("never");

        /// How long one statement may run, on every connection; 1ms to 24d, or 0s for no limit.
        ///
        /// PostgreSQL holds it in milliseconds in 32 bits, hence the limit. Its server is the one that
        /// stops the statement; where it has not answered 5 s later, it hangs or the network has lost it,
        /// and its connection is given up as lost. Without a limit nothing but the caller's own patience
        /// bounds a statement whose server says nothing: set one in production.
        pub statement_timeout: Duration = Duration::ZERO,
            span(1..=2_073_600_000).or_zero("no limit");

        /// The URL that migrations use, where it is another than the application's; "same" is none.
        ///
        /// Where the application goes through a pooler in transaction mode, migrations want a direct
        /// connection: their lock belongs to a session. The engine has to be the same.
        pub migration_url: Option<DatabaseUrl> = None, OtherUrl;

        /// The name of this program in PostgreSQL's `pg_stat_activity`; 1 to 63 printable ASCII characters.
        ///
        /// PostgreSQL cuts a longer one and replaces other characters. An `application_name` in the
        /// URL is used where this key isn't set.
        pub application_name: String = "twinbase".to_owned(), Text(application_name);

        /// How long a SQLite statement waits for another process's lock; 1ms to 1h, or 0s for not at all.
        pub sqlite_busy_timeout: Duration = Duration::from_secs(5),
            span(1..=3_600_000).or_zero("not at all");

        /// What a SQLite commit waits for: "full" survives a power cut, "normal" may lose the last commits.
        pub sqlite_synchronous: Synchronous = Synchronous::Full, one_of();

        /// The page cache of one SQLite connection; 64KiB to 4GiB.
        ///
        /// In KiB where no unit is written. SQLite's own default is 2000 KiB. A cache fills as pages
        /// are read, so that 20 connections with 8 MiB each hold at most 160 MiB; raise it where the
        /// tables that are read all the time are larger than it.
        pub sqlite_cache_size: u64 = 8192, kibibytes(64..=4_194_304);

        /// The size to which SQLite cuts its write-ahead log after a checkpoint; 0B to 1024GiB.
        ///
        /// In bytes where no unit is written. The log grows beyond it while a transaction needs it.
        pub sqlite_journal_size_limit: u64 = 64 << 20, bytes(0..=1 << 40);

        /// How long one caller's writes may take in a shared commit; 1ms to 1m, or 0s to share none.
        ///
        /// The transactions of `Database::write` that wait for SQLite's one writer share a COMMIT, each
        /// in a savepoint of its own. One that takes longer is rolled back and run again alone.
        pub sqlite_group_limit: Duration = Duration::from_millis(50),
            span(1..=60_000).or_zero("share none");

        /// How long a SQLite reader's snapshot may be held; 1ms to 1d, or 0s for no limit.
        ///
        /// While it is held the write-ahead log grows with each write. A session that holds it longer
        /// has failed, and its statements are stopped.
        pub sqlite_snapshot_limit: Duration = Duration::from_mins(1),
            span(1..=86_400_000).or_zero("no limit");

        /// The size of SQLite's write-ahead log from which it is warned of; 1MiB to 1024GiB.
        ///
        /// In bytes where no unit is written.
        pub sqlite_wal_warning: u64 = 256 << 20, bytes(1 << 20..=1 << 40);

        /// Whether a SQLite file that does not exist is created.
        pub sqlite_create: bool = true, Flag;
    }
}

impl DatabaseConfig {
    /// The SQLite file, in the current directory, that is used where no URL is set.
    pub const DEFAULT_FILE: &str = "twinbase.db";

    /// The database to use: the URL, or the default file where none is set.
    #[must_use]
    pub fn target(&self) -> DatabaseUrl {
        self.url.clone().unwrap_or_else(DatabaseUrl::default_file)
    }
}

/// The engine that the configuration insists on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Requirement {
    /// Either engine; `"any"`.
    #[default]
    Any,
    /// SQLite only; `"sqlite"`.
    Sqlite,
    /// PostgreSQL only; `"postgres"` or `"postgresql"`.
    Postgres,
}

impl Choice for Requirement {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("any", Self::Any),
        ("sqlite", Self::Sqlite),
        ("postgres", Self::Postgres),
        ("postgresql", Self::Postgres),
    ];
}

/// What a commit on SQLite waits for, `PRAGMA synchronous` in WAL mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// The commit is on the disk: it survives a power cut; `"full"`.
    #[default]
    Full,
    /// The commit is with the operating system: the last ones may be lost in a power cut, and the
    /// file stays sound; `"normal"`.
    Normal,
}

impl Choice for Synchronous {
    const NAMES: &'static [(&'static str, Self)] =
        &[("full", Self::Full), ("normal", Self::Normal)];
}

/// The longest name that PostgreSQL keeps: `NAMEDATALEN - 1` bytes.
const LONGEST_NAME: usize = 63;

/// Checks a name for what PostgreSQL would cut or replace.
pub(super) fn application_name(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("is empty; unset it for the default".to_owned());
    }
    if text.len() > LONGEST_NAME {
        return Err(format!(
            "has {} bytes, and PostgreSQL keeps {LONGEST_NAME}",
            text.len()
        ));
    }
    if !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        let value = quoted(text);
        return Err(format!(
            "{value} has characters that are not printable ASCII"
        ));
    }
    Ok(())
}
