//! The database of a service: where it is, its pool, its migrations, and what it says when it fails.
//!
//! # Queries
//! [`Database::pool`] is an ordinary [`sqlx::AnyPool`] and its queries are ordinary sqlx. These forms
//! mean the same on both engines:
//!
//! ```
//! use sqlx::{Any, QueryBuilder};
//! use twinbase::types::Decimal;
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! # let mut config = twinbase::config::DatabaseConfig::default();
//! # config.url = Some("sqlite::memory:".parse()?);
//! # let database = twinbase::database::Database::new(&config)?;
//! # let table = "CREATE TABLE items (name VARCHAR(5) PRIMARY KEY, price NUMERIC(20,8) NOT NULL);";
//! # let migrations = twinbase::migration::Migrations::from_files([("20260301090000_items.sql", table)])?;
//! # database.migrate(&migrations).await?;
//! let pool = database.pool();
//!
//! // `$1`, `$2`, …: one for each value, and RETURNING for what the database made of them.
//! let (name, price): (String, Decimal) =
//!     sqlx::query_as("INSERT INTO items (name, price) VALUES ($1, $2) RETURNING name, price")
//!         .bind("ink")
//!         .bind("10.50".parse::<Decimal>()?)
//!         .fetch_one(pool)
//!         .await?;
//! assert_eq!((name.as_str(), price.to_string().as_str()), ("ink", "10.5"));
//!
//! // A condition that is put together at run time. NUMERIC compares by value: 9 is below 10.5.
//! let mut query = QueryBuilder::<Any>::new("SELECT name FROM items WHERE TRUE");
//! query.push(" AND price > ").push_bind("9".parse::<Decimal>()?);
//! let names: Vec<String> = query.build_query_scalar().fetch_all(pool).await?;
//! assert_eq!(names, ["ink"]);
//!
//! // A transaction, which is rolled back unless it is committed.
//! let mut work = pool.begin().await?;
//! sqlx::query("DELETE FROM items").execute(&mut *work).await?;
//! work.commit().await?;
//! # database.close().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! - A value that is bound takes the type of its column, within its range. Too few or too many values, a
//!   NUL in text, NaN and the infinities are refused ([`ArgumentError`](crate::driver::ArgumentError)).
//! - `last_insert_id` is for SQLite alone; RETURNING is for both.
//! - `SELECT EXISTS (…)` is a `bool`; any other condition in a SELECT list is `CAST(… AS BOOLEAN)`.
//! - What can't be said alike is listed in `docs/portability.md`, with the portable way.
//!
//! # Errors
//! A query fails with [`sqlx::Error`], and [`ErrorKind::of`] says what kind of error it is, the same on
//! both engines. For the client of an API they are few:
//!
//! | kind | an HTTP status for it |
//! |---|---|
//! | [`NotFound`](ErrorKind::NotFound), from `fetch_one` | 404 |
//! | [`Unique`](ErrorKind::Unique), [`ForeignKey`](ErrorKind::ForeignKey) | 409 |
//! | [`Data`](ErrorKind::Data): text longer than `VARCHAR(n)`, more digits than `NUMERIC(p,s)`, NUL; [`Check`](ErrorKind::Check): a rule of the table's own | 400 |
//! | [`Unavailable`](ErrorKind::Unavailable), [`Connection`](ErrorKind::Connection), [`PoolTimeout`](ErrorKind::PoolTimeout) | 503 |
//! | any other | 500 |
//!
//! `docs/errors.md` has every kind with its codes; [`Violation`] has the constraint that was broken.
//!
//! ```
//! use twinbase::database::ErrorKind;
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! # let mut config = twinbase::config::DatabaseConfig::default();
//! # config.url = Some("sqlite::memory:".parse()?);
//! # let database = twinbase::database::Database::new(&config)?;
//! # let table = "CREATE TABLE items (name VARCHAR(5) PRIMARY KEY);";
//! # let migrations = twinbase::migration::Migrations::from_files([("20260301090000_items.sql", table)])?;
//! # database.migrate(&migrations).await?;
//! let insert = "INSERT INTO items (name) VALUES ($1)"; // name is VARCHAR(5)
//! let error = sqlx::query(insert).bind("blotting").execute(database.pool()).await.unwrap_err();
//! assert_eq!(ErrorKind::of(&error), ErrorKind::Data);
//! # database.close().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod codes;
mod connect;
mod error;
mod failure;
mod generation;
mod kind;
mod migrator;
mod pool;
mod violation;

use std::sync::Arc;

use sqlx::{AnyConnection, AnyPool};

pub use error::DatabaseError;
pub use failure::Failure;
pub use kind::ErrorKind;
pub use migrator::Migrator;
pub use violation::Violation;

use crate::config::{DatabaseConfig, DatabaseUrl, Engine, MigrateConfig};
use crate::migration::{Migrations, Report, Status, UpOptions};
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

    /// Applies what is pending of `migrations`, with the default settings; [`Database::migrator`] has
    /// the rest.
    ///
    /// # Errors
    /// [`DatabaseError::Connect`] or [`DatabaseError::Migration`].
    pub async fn migrate(&self, migrations: &Migrations) -> Result<Report, DatabaseError> {
        let migrator = self.migrator(migrations, &MigrateConfig::default())?;
        migrator.up(&UpOptions::default()).await
    }

    /// How each version stands, read without changing anything: no file is created.
    ///
    /// # Errors
    /// [`DatabaseError::Connect`] or [`DatabaseError::Migration`].
    pub async fn migration_status(
        &self,
        migrations: &Migrations,
    ) -> Result<Vec<Status>, DatabaseError> {
        let migrator = self.migrator(migrations, &MigrateConfig::default())?;
        migrator.status().await
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
