//! The database of a service: where it is, its pool, its migrations, and what it says when it fails.

mod connect;
mod error;
mod failure;
mod generation;
mod pool;

use std::sync::Arc;

use sqlx::{AnyConnection, AnyPool};

pub use error::DatabaseError;
pub use failure::Failure;

use crate::config::{DatabaseConfig, DatabaseUrl, Engine};
use crate::migration::{Migrations, Report, Runner, Status};
use connect::Connector;
use generation::Generation;

/// A service's database: made without touching it, so that a service starts while it is away.
///
/// Clones share the pool.
///
/// ```
/// use twinbase::config::DatabaseConfig;
/// use twinbase::database::Database;
/// use twinbase::migration::Migrations;
///
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let config = DatabaseConfig { url: Some("sqlite::memory:".parse()?), ..DatabaseConfig::default() };
/// let database = Database::new(&config)?;
/// database.migrate(&Migrations::embedded()).await?;
/// let (one,): (i64,) = sqlx::query_as("SELECT 1").fetch_one(database.pool()).await?;
/// assert_eq!(one, 1);
/// database.close().await;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Database {
    connector: Arc<Connector>,
    pool: AnyPool,
    generation: Generation,
    /// The last clone of the database lets go of the pool.
    _release: Arc<pool::Release>,
}

impl Database {
    /// Makes the database's pool and nothing else: no connection is opened, no file is made.
    ///
    /// # Errors
    /// [`DatabaseError::Memory`] when `sqlite::memory:` finds no room for its temporary file, and
    /// [`DatabaseError::Drivers`] when the application has installed other drivers first.
    pub fn new(config: &DatabaseConfig) -> Result<Self, DatabaseError> {
        let connector = Arc::new(Connector::new(config)?);
        let generation = Generation::default();
        let (pool, release) = pool::build(config, &connector, generation.clone())?;
        Ok(Self {
            connector,
            pool,
            generation,
            _release: Arc::new(release),
        })
    }

    /// The engine that the configuration chose.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.connector.target().engine()
    }

    /// Where the database is.
    #[must_use]
    pub fn target(&self) -> &DatabaseUrl {
        self.connector.target()
    }

    /// The pool: an ordinary [`AnyPool`] that opens its connections when they are first wanted.
    #[must_use]
    pub fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// Opens a connection outside the pool, within `connect_timeout`.
    ///
    /// # Errors
    /// [`DatabaseError::Connect`] with the cause and what to do.
    pub async fn connect(&self) -> Result<AnyConnection, DatabaseError> {
        self.connector.connect(connect::Purpose::Work).await
    }

    /// Opens a connection to probe with; once the database was `seen`, a missing file is an error.
    pub(crate) async fn connect_for_probe(
        &self,
        seen: bool,
    ) -> Result<AnyConnection, DatabaseError> {
        self.connector
            .connect(connect::Purpose::Probe { create: !seen })
            .await
    }

    /// What to say of a database that did not answer within `readiness.timeout`.
    pub(crate) fn unanswered(&self) -> DatabaseError {
        self.connector.silent(Failure::Unanswered)
    }

    /// Has every pooled connection that is open now replaced before it is used again.
    pub(crate) fn retire_connections(&self) {
        self.generation.retire();
    }

    /// Applies what is pending of `migrations`.
    ///
    /// # Errors
    /// [`DatabaseError::Connect`] or [`DatabaseError::Migration`].
    pub async fn migrate(&self, migrations: &Migrations) -> Result<Report, DatabaseError> {
        let plan = migrations.plan(self.engine())?;
        let runner = self.runner(connect::Purpose::Migration).await?;
        Ok(runner.up(&plan).await?)
    }

    /// How each version stands, read without changing anything: no file is created.
    ///
    /// # Errors
    /// [`DatabaseError::Connect`] or [`DatabaseError::Migration`].
    pub async fn migration_status(
        &self,
        migrations: &Migrations,
    ) -> Result<Vec<Status>, DatabaseError> {
        let plan = migrations.plan(self.engine())?;
        let runner = self.runner(connect::Purpose::Look).await?;
        Ok(runner.status(&plan).await?)
    }

    async fn runner(&self, purpose: connect::Purpose) -> Result<Runner, DatabaseError> {
        Ok(Runner::new(
            self.connector.connect(purpose).await?,
            self.engine(),
        ))
    }

    /// Explains an error of this database: what happened, where, and what to do.
    #[must_use]
    pub fn explain(&self, error: sqlx::Error) -> DatabaseError {
        self.connector.explain(error)
    }

    /// Closes the pool: waits until connections in use have come back, then closes them.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl DatabaseConfig {
    /// Builds the pool that this configuration describes, without opening a connection.
    ///
    /// It has the configured sizes, time-outs, recycling and pre-ping, and nothing of what
    /// [`Database`] adds. Close it when done: its hooks keep it alive until then.
    ///
    /// # Errors
    /// As [`Database::new`].
    pub fn pool(&self) -> Result<AnyPool, DatabaseError> {
        let connector = Connector::new(self)?;
        let (pool, release) = pool::build(self, &connector, Generation::default())?;
        release.never();
        Ok(pool)
    }
}
