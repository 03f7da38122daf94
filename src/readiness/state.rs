//! What the last probe found.

use std::time::Duration;

use poem_openapi::Enum;

/// How a dependency answered its last probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase")]
pub enum DependencyState {
    /// It answered.
    Connected,
    /// It did not.
    Disconnected,
    /// Nobody has asked it.
    Unknown,
}

/// The state of the service as the last probe left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Whether requests can be served: the database answers and its schema is current.
    pub ready: bool,
    /// The database.
    pub database: DependencyState,
    /// What is wrong, in one line and without secrets; `None` while all is well.
    pub problem: Option<String>,
    /// When the next probe comes, at the latest.
    pub next_probe: Duration,
    /// The newest migration that the database has, and how many of its kind this process applied.
    pub migration: Option<Migrated>,
}

/// Where the schema stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The newest version, with its description.
    pub current: Option<(i64, String)>,
    /// How many versions this process applied.
    pub applied: usize,
}

impl Snapshot {
    /// Before the first probe.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            ready: false,
            database: DependencyState::Unknown,
            problem: None,
            next_probe: Duration::ZERO,
            migration: None,
        }
    }
}
