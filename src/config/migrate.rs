//! `[migrate]`: how migrations are applied, and what the service does about them.

use std::time::Duration;

use super::duration::span;
use super::kind::{Choice, Flag, one_of, whole};
use super::section::section;

section! {
    /// How migrations are applied, and what the service does about them.
    pub struct MigrateConfig in migrate {
        /// What the service does about pending migrations: "apply", "check", "wait" or "off".
        ///
        /// A fleet whose deployment runs `twinbase migrate up` before the new processes start wants
        /// `"check"`: no process of it changes the schema, and one that meets another schema is not
        /// ready and says so.
        pub on_start: OnStart = OnStart::Apply, one_of();

        /// What keeps migrators apart on PostgreSQL: an "advisory" lock, or a "lease" row.
        ///
        /// An advisory lock belongs to a session: through a pooler in transaction mode, and on
        /// `CockroachDB`, there is none to be had. The lease is a row of a table.
        pub lock: MigrationLock = MigrationLock::Advisory, one_of();

        /// How long to wait for another process that migrates; 1s to 1d.
        pub lock_timeout: Duration = Duration::from_mins(1), span(1000..=86_400_000);

        /// How long a migration waits for a table of PostgreSQL before it lets go; 10ms to 1h, or 0s for ever.
        ///
        /// Whoever comes after a waiting ALTER TABLE waits behind it, readers too. So the migration
        /// is rolled back and tried again. The limit is for each statement of a transaction.
        pub table_lock_timeout: Duration = Duration::from_secs(2),
            span(10..=3_600_000).or_zero("for ever");

        /// How often it tries to get its tables; 1 to 1000.
        pub table_lock_attempts: u32 = 10, whole(1..=1000);

        /// Whether a SQLite file that has rows is copied beside itself before its first change.
        pub backup: bool = true, Flag;
    }
}

/// What the service does about migrations when it meets a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnStart {
    /// It applies what is pending; `"apply"`.
    #[default]
    Apply,
    /// It looks, and is not ready while the schema is not current, which it logs as an error;
    /// `"check"`.
    Check,
    /// It waits for another process to apply what is pending, and is not ready until then; `"wait"`.
    Wait,
    /// It does not look at the schema at all; `"off"`.
    Off,
}

impl Choice for OnStart {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("apply", Self::Apply),
        ("check", Self::Check),
        ("wait", Self::Wait),
        ("off", Self::Off),
    ];
}

/// What keeps migrators apart on PostgreSQL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MigrationLock {
    /// The session advisory lock that sqlx takes too; `"advisory"`.
    #[default]
    Advisory,
    /// A row with a time to live, renewed while the migration runs; `"lease"`.
    Lease,
}

impl Choice for MigrationLock {
    const NAMES: &'static [(&'static str, Self)] =
        &[("advisory", Self::Advisory), ("lease", Self::Lease)];
}
