//! Opens connections: the URL that the driver gets, and the settings that every connection has.

use std::path::Path;
use std::time::Duration;

use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, ConnectOptions as _, Executor as _};
use url::Url;

use super::DatabaseError;
use super::failure::{Failure, classify};
use super::memory::MemoryFile;
use crate::config::{DatabaseConfig, DatabaseUrl, Engine, Synchronous};
use crate::migration::lock::LOCK_TIMEOUT;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The application's statements, and probes.
    Work,
    /// Migrations: no statement timeout, and patience with another migrator.
    Migration,
    /// Looking only: nothing is created or changed.
    Look,
}

/// Knows how to open a connection to the configured database.
#[derive(Debug)]
pub(super) struct Connector {
    config: DatabaseConfig,
    target: DatabaseUrl,
    memory: Option<MemoryFile>,
}

impl Connector {
    pub(super) fn new(config: &DatabaseConfig) -> Result<Self, DatabaseError> {
        crate::driver::install();
        let target = config.target();
        let memory = target.is_memory().then(MemoryFile::create).transpose();
        Ok(Self {
            config: config.clone(),
            target,
            memory: memory.map_err(DatabaseError::Memory)?,
        })
    }

    pub(super) fn target(&self) -> &DatabaseUrl {
        &self.target
    }

    /// The file that `SQLite` opens, also where that stands for memory.
    pub(super) fn file(&self) -> Option<&Path> {
        self.memory
            .as_ref()
            .map(MemoryFile::file)
            .or_else(|| self.target.sqlite_file())
    }

    pub(super) fn explain(&self, source: sqlx::Error) -> DatabaseError {
        let failure = classify(&source, &self.target);
        DatabaseError::Connect {
            location: self.target.location(),
            failure,
            source,
        }
    }

    /// Opens a connection within `connect_timeout` and gives it its settings.
    pub(super) async fn connect(&self, purpose: Purpose) -> Result<AnyConnection, DatabaseError> {
        let connecting = async {
            let mut conn = self.options(purpose)?.connect().await?;
            self.set_up(&mut conn, purpose).await?;
            Ok(conn)
        };
        let result = match tokio::time::timeout(self.config.connect_timeout, connecting).await {
            Ok(Ok(conn)) => return Ok(conn),
            Ok(Err(source)) => Err(self.explain(source)),
            Err(_) => Err(DatabaseError::Connect {
                location: self.target.location(),
                failure: Failure::Timeout,
                source: sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()),
            }),
        };
        metrics::counter!("twinbase_database_connect_errors_total").increment(1);
        result
    }

    /// The options that the driver gets. Their `Debug` shows the password: they are never logged.
    pub(super) fn options(&self, purpose: Purpose) -> Result<AnyConnectOptions, sqlx::Error> {
        let url = match self.file() {
            Some(file) => self.sqlite_url(file, purpose)?,
            None => self.postgres_url(purpose)?,
        };
        AnyConnectOptions::from_url(&url)
    }

    fn sqlite_url(&self, file: &Path, purpose: Purpose) -> Result<Url, sqlx::Error> {
        let mut url = match &self.memory {
            Some(_) => {
                let mut url = parse("sqlite:")?;
                url.set_path(&file.to_string_lossy());
                url
            }
            None => parse(self.target.expose())?,
        };
        let said = url.query_pairs().any(|(key, _)| key == "mode");
        let mode = match purpose {
            Purpose::Look => "ro",
            _ if said => return Ok(url),
            _ if self.config.sqlite_create || self.memory.is_some() => "rwc",
            _ => "rw",
        };
        let others: Vec<_> = url
            .query_pairs()
            .filter(|(key, _)| key != "mode")
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect();
        url.query_pairs_mut()
            .clear()
            .extend_pairs(others)
            .append_pair("mode", mode);
        Ok(url)
    }

    fn postgres_url(&self, purpose: Purpose) -> Result<Url, sqlx::Error> {
        let mut url = parse(self.target.expose())?;
        let named = url.query_pairs().any(|(key, _)| key == "application_name");
        let timeout = match purpose {
            Purpose::Work => self.config.statement_timeout,
            Purpose::Migration | Purpose::Look => Duration::ZERO,
        };
        let mut query = url.query_pairs_mut();
        if !named {
            query.append_pair("application_name", &self.config.application_name);
        }
        query.append_pair(
            "options[statement_timeout]",
            &timeout.as_millis().to_string(),
        );
        drop(query);
        Ok(url)
    }

    /// Gives a new `SQLite` connection its settings; a `PostgreSQL` connection has them from its URL.
    pub(super) async fn set_up(
        &self,
        conn: &mut AnyConnection,
        purpose: Purpose,
    ) -> Result<(), sqlx::Error> {
        if self.target.engine() == Engine::Postgres {
            return Ok(());
        }
        let busy = match purpose {
            Purpose::Migration => self.config.sqlite_busy_timeout.max(LOCK_TIMEOUT),
            Purpose::Work | Purpose::Look => self.config.sqlite_busy_timeout,
        };
        let synchronous = match self.config.sqlite_synchronous {
            Synchronous::Full => "FULL",
            Synchronous::Normal => "NORMAL",
        };
        let cache = self.config.sqlite_cache_size;
        let journal = self.config.sqlite_journal_size_limit;
        // A reader that may not write can't change the file to WAL, and need not.
        let wal = if purpose == Purpose::Look {
            ""
        } else {
            "PRAGMA journal_mode = WAL; "
        };
        // busy_timeout first: the change to WAL waits for other processes too.
        let pragmas = format!(
            "PRAGMA busy_timeout = {}; {wal}PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON; \
             PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{cache}; PRAGMA journal_size_limit = {journal}",
            busy.as_millis(),
        );
        conn.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(pragmas)))
            .await?;
        Ok(())
    }
}

fn parse(url: &str) -> Result<Url, sqlx::Error> {
    Url::parse(url).map_err(|error| sqlx::Error::Configuration(Box::new(error)))
}
