//! What the service is told, and by whom.
//!
//! Values come from three layers, in ascending priority: the defaults, the file `twinbase.toml` (or
//! the one named by `--config` or `TWINBASE_CONFIG`), and the environment. In the environment every
//! key is `TWINBASE_<SECTION>__<KEY>`, the keys of `[database]` are also `DATABASE_<KEY>`, and a
//! secret can be read from the file that `<VARIABLE>_FILE` names.
//!
//! - [`load()`] merges the layers, checks everything, and reports every problem at once.
//! - [`Config`] is the result, one struct a section.
//! - [`DatabaseUrl`] is the database's address, which never shows its password.
//! - [`show_toml`] and [`show_json`] print what is in force and where each value came from.
//! - [`reference()`] lists every key.
//!
//! A key is one entry of its section's `section!` block: type, default, accepted values and
//! documentation stand together there, and everything else is derived from it.

mod check;
mod database;
mod duration;
mod environment;
mod error;
mod file;
mod key;
mod kind;
mod layer;
mod load;
mod log;
mod migrate;
mod nearest;
mod readiness;
mod section;
mod server;
mod show;
mod size;
mod source;
mod url;
mod variable;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests;

pub use database::{DatabaseConfig, Requirement, Synchronous};
pub(crate) use duration::parse as parse_duration;
pub use environment::Environment;
pub use error::{ConfigError, Problem};
pub use key::{KeyDoc, reference};
pub use load::{FILE_NAME, LoadOptions, Loaded, load};
pub use log::{LogConfig, LogFormat};
pub use migrate::{MigrateConfig, MigrationLock, OnStart};
pub use readiness::ReadinessConfig;
pub use server::ServerConfig;
pub use show::{show_json, show_toml};
pub use source::Source;
pub use url::{DatabaseUrl, Engine, UrlError};

/// The whole configuration, one field a section.
///
/// [`load()`] is the way to get one that is checked. Deserializing checks each value by itself, and
/// `Default` is what runs when nothing is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How the service listens, and how it stops.
    pub server: ServerConfig,
    /// Which database, and how its connections are kept.
    pub database: DatabaseConfig,
    /// How migrations are applied, and what the service does about them.
    pub migrate: MigrateConfig,
    /// How often and how patiently the dependencies are probed.
    pub readiness: ReadinessConfig,
    /// What is logged, and in which form.
    pub log: LogConfig,
}

/// Every key of every section, in the order in which they are shown.
fn keys() -> Vec<key::Key> {
    [
        server::ServerConfig::keys(),
        database::DatabaseConfig::keys(),
        migrate::MigrateConfig::keys(),
        readiness::ReadinessConfig::keys(),
        log::LogConfig::keys(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
