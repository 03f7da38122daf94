//! Opens connections: the URL that the driver gets, and the settings that every connection has.

use std::sync::Arc;
use std::time::Duration;

use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, ConnectOptions as _};
use url::Url;

use super::DatabaseError;
use super::failure::{Failure, classify};
use crate::config::{DatabaseConfig, DatabaseUrl, Engine};
use crate::driver::link::Link;
use crate::driver::{self, sqlite};
use crate::migration::lock::LOCK_TIMEOUT;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The application's statements.
    Work,
    /// The application's statements that only read, on SQLite.
    Read,
    /// Probes: their slow statements are told as readiness, not as slow statements. `create` only
    /// before the database was seen: a file that was removed is not made anew in silence.
    Probe { create: bool },
    /// Migrations: no statement timeout, and patience with another migrator.
    Migration,
    /// Looking only: nothing is created or changed.
    Look,
    /// As `Look`, at a SQLite file that nobody has open: see [`Connector::at_rest`].
    LookAtRest,
    /// As `Migration`, and a file that is not there is an error.
    Existing,
}

/// A file that nobody writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AtRest {
    length: u64,
    modified: std::time::SystemTime,
}

/// Knows how to open a connection to the configured database.
#[derive(Debug)]
pub(super) struct Connector {
    config: DatabaseConfig,
    target: DatabaseUrl,
    /// What the SQLite driver gets; it also keeps a database in memory alive.
    sqlite: Option<sqlite::Options>,
}

impl Connector {
    pub(super) fn new(config: &DatabaseConfig) -> Result<Self, DatabaseError> {
        driver::install()?;
        let target = config.target();
        let sqlite = match target.engine() {
            Engine::Sqlite => Some(sqlite_options(config, &target)?),
            Engine::Postgres => None,
        };
        Ok(Self {
            config: config.clone(),
            target,
            sqlite,
        })
    }

    /// The connector that migrations use: another where they have a URL of their own.
    pub(super) fn for_migrations(this: &Arc<Self>) -> Result<Arc<Self>, DatabaseError> {
        let Some(url) = &this.config.migration_url else {
            return Ok(Arc::clone(this));
        };
        let config = DatabaseConfig {
            url: Some(url.clone()),
            ..this.config.clone()
        };
        Ok(Arc::new(Self::new(&config)?))
    }

    /// How a SQLite file is while nobody has it open; `None` where somebody has, or it is no file.
    ///
    /// Even a reader makes the two files of the write-ahead log, and leaves them where it may not
    /// write. Without them, and with the file as it was, nothing was written while one read.
    pub(super) fn at_rest(&self) -> Option<AtRest> {
        let sqlite::Location::File(file) = &self.sqlite.as_ref()?.location else {
            return None;
        };
        let beside = |suffix: &str| {
            let mut name = file.clone().into_os_string();
            name.push(suffix);
            std::path::PathBuf::from(name)
        };
        if beside("-wal").exists() || beside("-journal").exists() {
            return None;
        }
        let metadata = std::fs::metadata(file).ok()?;
        Some(AtRest {
            length: metadata.len(),
            modified: metadata.modified().ok()?,
        })
    }

    pub(super) fn application_name(&self) -> &str {
        &self.config.application_name
    }

    pub(super) fn target(&self) -> &DatabaseUrl {
        &self.target
    }

    /// The file of a SQLite database.
    pub(super) fn sqlite_file(&self) -> Option<std::path::PathBuf> {
        self.sqlite.as_ref().map(sqlite::Options::path)
    }

    /// Tells what an error means, where nothing was to be created.
    pub(super) fn explain(&self, source: sqlx::Error) -> DatabaseError {
        self.explain_for(Purpose::Look, source)
    }

    fn explain_for(&self, purpose: Purpose, source: sqlx::Error) -> DatabaseError {
        let created = self
            .sqlite
            .as_ref()
            .is_some_and(|options| for_purpose(options.clone(), purpose, Duration::ZERO).create);
        let failure = classify(&source, &self.target, created);
        DatabaseError::Connect {
            location: self.target.location(),
            failure,
            source,
        }
    }

    /// Opens a connection within `connect_timeout` and gives it its settings.
    pub(super) async fn connect(&self, purpose: Purpose) -> Result<AnyConnection, DatabaseError> {
        Ok(self.open(purpose).await?.0)
    }

    /// Opens a connection as [`Self::connect`] does, with what its driver tells of it.
    pub(super) async fn open(
        &self,
        purpose: Purpose,
    ) -> Result<(AnyConnection, Arc<Link>), DatabaseError> {
        let offer = Link::offer();
        let connecting = async {
            let mut options = self.options(purpose)?;
            let (key, value) = offer.parameter();
            options
                .database_url
                .query_pairs_mut()
                .append_pair(key, &value);
            options.connect().await
        };
        let result = match tokio::time::timeout(self.config.connect_timeout, connecting).await {
            Ok(Ok(conn)) => return Ok((conn, offer.accept())),
            Ok(Err(source)) => Err(self.explain_for(purpose, source)),
            Err(_) => Err(self.silent(Failure::Timeout)),
        };
        metrics::counter!("twinbase_database_connect_errors_total").increment(1);
        result
    }

    /// A database that did not answer in time.
    pub(super) fn silent(&self, failure: Failure) -> DatabaseError {
        DatabaseError::Connect {
            location: self.target.location(),
            failure,
            source: sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()),
        }
    }

    /// The options that the driver gets. Their `Debug` shows the password: they are never logged.
    pub(super) fn options(&self, purpose: Purpose) -> Result<AnyConnectOptions, sqlx::Error> {
        let url = match &self.sqlite {
            Some(options) => parse(
                &for_purpose(options.clone(), purpose, self.config.sqlite_snapshot_limit).to_url(),
            )?,
            None => self.postgres_url(purpose)?,
        };
        let options = AnyConnectOptions::from_url(&url)?;
        Ok(match purpose {
            Purpose::Work | Purpose::Read => options,
            _ => options.log_slow_statements(log::LevelFilter::Off, Duration::ZERO),
        })
    }

    fn postgres_url(&self, purpose: Purpose) -> Result<Url, sqlx::Error> {
        let mut url = parse(self.target.expose())?;
        let named = url.query_pairs().any(|(key, _)| key == "application_name");
        let timeout = match purpose {
            Purpose::Work | Purpose::Read | Purpose::Probe { .. } => self.config.statement_timeout,
            Purpose::Migration | Purpose::Existing | Purpose::Look | Purpose::LookAtRest => {
                Duration::ZERO
            }
        };
        let mut query = url.query_pairs_mut();
        if !named {
            query.append_pair("application_name", &self.config.application_name);
        }
        query.append_pair(
            "options[statement_timeout]",
            &timeout.as_millis().to_string(),
        );
        if matches!(purpose, Purpose::Look | Purpose::LookAtRest) {
            query.append_pair("options[default_transaction_read_only]", "on");
        }
        drop(query);
        Ok(url)
    }
}

/// What the configuration says about a SQLite database, as its driver takes it.
fn sqlite_options(
    config: &DatabaseConfig,
    target: &DatabaseUrl,
) -> Result<sqlite::Options, DatabaseError> {
    let unfit = |source| DatabaseError::Url {
        location: target.location(),
        source,
    };
    let url = Url::parse(target.expose()).map_err(|error| unfit(Box::new(error)))?;
    let mut options = sqlite::Options::from_url(&url).map_err(|error| match error {
        sqlite::OptionsError::Memory(error) => DatabaseError::Memory(error),
        error => unfit(Box::new(error)),
    })?;
    // A mode in the URL has decided already.
    if url.query_pairs().all(|(key, _)| key != "mode") {
        options.create = config.sqlite_create;
    }
    options.busy_timeout = config.sqlite_busy_timeout;
    options.synchronous = config.sqlite_synchronous;
    options.cache_size_kib = config.sqlite_cache_size;
    options.journal_size_limit = config.sqlite_journal_size_limit;
    options.statement_timeout = config.statement_timeout;
    options.begin_immediate = true;
    Ok(options)
}

fn for_purpose(
    mut options: sqlite::Options,
    purpose: Purpose,
    snapshot_limit: Duration,
) -> sqlite::Options {
    match purpose {
        Purpose::Work => {}
        Purpose::Read => {
            options.query_only = true;
            options.snapshot_limit = snapshot_limit;
        }
        Purpose::Probe { create } => options.create &= create,
        Purpose::Migration | Purpose::Existing => {
            options.create &= purpose == Purpose::Migration;
            options.busy_timeout = options.busy_timeout.max(LOCK_TIMEOUT);
            options.statement_timeout = Duration::ZERO;
        }
        Purpose::Look | Purpose::LookAtRest => {
            options.create = false;
            options.read_only = true;
            options.at_rest = purpose == Purpose::LookAtRest;
        }
    }
    options
}

fn parse(url: &str) -> Result<Url, sqlx::Error> {
    Url::parse(url).map_err(|error| sqlx::Error::Configuration(Box::new(error)))
}
