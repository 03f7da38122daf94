//! The database of a service: where it is, its two lanes, its migrations, and what it says when it fails.
//!
//! # Lanes
//! A caller says what it means to do: [`Database::reader`] to read, [`Database::writer`] to write. On
//! PostgreSQL both take connections from one pool. On SQLite one connection writes, in the order in which
//! it is asked to, and others read beside it; so nobody is told that the database is locked.
//!
//! A lane runs a statement by itself. Statements that belong together are a unit of work:
//!
//! | | for |
//! |---|---|
//! | [`Lane::session`] | a unit of work that the caller commits |
//! | [`Lane::transaction`] | a closure that is committed, and run again where another was in the way |
//! | [`Database::write`] | the same, in a COMMIT that SQLite's writers share: the way for many small writes |
//! | [`WriteSession`](crate::api::WriteSession) | an operation's unit of work, committed before the answer |
//!
//! # Queries
//! They are ordinary sqlx. These forms mean the same on both engines:
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
//! // `$1`, `$2`, …: one for each value, and RETURNING for what the database made of them.
//! let (name, price): (String, Decimal) =
//!     sqlx::query_as("INSERT INTO items (name, price) VALUES ($1, $2) RETURNING name, price")
//!         .bind("ink")
//!         .bind("10.50".parse::<Decimal>()?)
//!         .fetch_one(database.writer())
//!         .await?;
//! assert_eq!((name.as_str(), price.to_string().as_str()), ("ink", "10.5"));
//!
//! // A condition that is put together at run time. NUMERIC compares by value: 9 is below 10.5.
//! let mut query = QueryBuilder::<Any>::new("SELECT name FROM items WHERE TRUE");
//! query.push(" AND price > ").push_bind("9".parse::<Decimal>()?);
//! let names: Vec<String> = query.build_query_scalar().fetch_all(database.reader()).await?;
//! assert_eq!(names, ["ink"]);
//!
//! // A unit of work, which is rolled back unless it is committed.
//! let mut session = database.writer().session();
//! sqlx::query("DELETE FROM items").execute(&mut session).await?;
//! session.commit().await?;
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
//! | [`Unavailable`](ErrorKind::Unavailable), [`Connection`](ErrorKind::Connection), [`PoolTimeout`](ErrorKind::PoolTimeout), [`Overloaded`](ErrorKind::Overloaded), [`Retryable`](ErrorKind::Retryable) | 503 |
//! | any other | 500 |
//!
//! An operation that gives a [`DatabaseError`] up with `?` answers so.
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
//! let error = sqlx::query(insert).bind("blotting").execute(database.writer()).await.unwrap_err();
//! assert_eq!(ErrorKind::of(&error), ErrorKind::Data);
//! # database.close().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod alive;
mod any_pool;
mod backoff;
mod codes;
mod connect;
mod error;
mod failure;
mod generation;
mod group;
mod kind;
mod lane;
mod migrator;
mod outcome;
mod pool;
mod session;
mod sqlx_error;
mod transaction;
mod violation;
mod wal;

use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use sqlx::{AnyConnection, AnyPool};

pub(crate) use backoff::Backoff;
pub use error::DatabaseError;
pub use failure::Failure;
pub use kind::ErrorKind;
pub use lane::Lane;
pub use migrator::Migrator;
pub use outcome::StatementOutcomeUnknown;
pub use pool::{AcquireError, AcquireErrorCause, DurationHistogram, Lease, PoolStatus};
pub(crate) use session::Home;
pub use session::{Isolation, Savepoint, Session, SessionFailed, SessionGuard};
pub use violation::Violation;

use crate::config::{DatabaseConfig, DatabaseUrl, Engine, MigrateConfig};
use crate::migration::{Migrations, Report, Status, UpOptions};
use connect::{Connector, Purpose};
use generation::Generation;
use group::Group;
use pool::{Mode, Pool, Settings};
use wal::Wal;

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
/// let (one,): (i64,) = sqlx::query_as("SELECT 1").fetch_one(database.reader()).await?;
/// assert_eq!(one, 1);
/// database.close().await;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Database {
    connector: Arc<Connector>,
    /// SQLite's readers; on PostgreSQL the same as `writer`.
    reader: Pool,
    writer: Pool,
    pool: AnyPool,
    group: Arc<Group>,
    wal: Option<Wal>,
    retry_deadline: Duration,
    generation: Generation,
    /// The last clone of the database lets go of the pool.
    _release: Arc<any_pool::Release>,
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
        let (pool, release) = any_pool::build(config, &connector, generation.clone())?;
        let lane = |name, purpose, kept, overflow| {
            let settings = Settings::new(config, kept, overflow);
            Pool::new(
                name,
                &connector,
                purpose,
                settings,
                config,
                generation.clone(),
            )
        };
        let wal = (connector.sqlite_file()).map(|file| Wal::new(&file, config.sqlite_wal_warning));
        let (kept, overflow) = (config.pool_size, config.max_overflow);
        let (reader, writer) = match connector.target().engine() {
            Engine::Sqlite => (
                lane("reader", Purpose::Read, kept, overflow),
                lane("writer", Purpose::Work, 1, 0),
            ),
            Engine::Postgres => {
                let both = lane("primary", Purpose::Work, kept, overflow);
                (both.clone(), both)
            }
        };
        if let Some(wal) = &wal {
            wal.watch(&writer, &reader);
        }
        Ok(Self {
            connector,
            reader,
            writer,
            group: Arc::new(Group::new(config.sqlite_group_limit)),
            retry_deadline: config.retry_deadline,
            wal,
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

    /// An ordinary [`AnyPool`] beside the lanes, for code that insists on one.
    ///
    /// It opens its connections when they are first wanted, up to `pool_size + max_overflow` of its own,
    /// which PostgreSQL's `max_connections` has to hold as well. It has what
    /// [`DatabaseConfig::pool`] says, and lacks what the lanes have: on SQLite its transactions wait for
    /// the writer lane by trying again (`sqlite_busy_timeout`) rather than in turn, a time-out does not
    /// say why, nothing is shed, and each release costs a round trip.
    #[must_use]
    pub fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// The lane of statements that only read. The caller is known by its place in the source.
    #[track_caller]
    #[must_use]
    pub fn reader(&self) -> Lane {
        Lane::new(self, &self.reader, Mode::ReadOnly, Location::caller())
    }

    /// The lane of statements that write, or read what they are about to change. The caller is known
    /// by its place in the source.
    #[track_caller]
    #[must_use]
    pub fn writer(&self) -> Lane {
        if let Some(wal) = &self.wal {
            wal.written(&self.writer, &self.reader);
        }
        Lane::new(self, &self.writer, Mode::ReadWrite, Location::caller())
    }

    /// Runs a unit of work on the writer lane and commits it, together with others that wait for
    /// SQLite's one writer.
    ///
    /// On SQLite the transactions of callers that wait at the same time share one COMMIT, each in a
    /// savepoint of its own, and each is told of success after the COMMIT only. That is many times as
    /// fast where many write. `work` runs again alone where it takes longer than
    /// `database.sqlite_group_limit`, or where the COMMIT it shares can't be had; a deferred foreign key
    /// is checked at that COMMIT. On PostgreSQL it is [`Lane::transaction`].
    ///
    /// As there, `work` may run many times. What must not run twice goes by [`Lane::transaction_once`].
    ///
    /// # Errors
    /// That of `work`, after a roll-back; that of the commit, as [`Session::commit`].
    ///
    /// ```
    /// use twinbase::database::DatabaseError;
    ///
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// # let mut config = twinbase::config::DatabaseConfig::default();
    /// # config.url = Some("sqlite::memory:".parse()?);
    /// # let database = twinbase::database::Database::new(&config)?;
    /// # sqlx::query("CREATE TABLE seen (id BIGINT PRIMARY KEY)").execute(database.writer()).await?;
    /// database
    ///     .write(|mut session| async move {
    ///         let sql = "INSERT INTO seen (id) VALUES ($1)";
    ///         sqlx::query(sql).bind(1_i64).execute(&mut *session).await?;
    ///         Ok::<_, DatabaseError>(())
    ///     })
    ///     .await?;
    /// # database.close().await;
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn write<T, E, F, R>(&self, work: F) -> impl Future<Output = Result<T, E>>
    where
        F: Fn(SessionGuard) -> R,
        R: Future<Output = Result<T, E>>,
        E: From<DatabaseError>,
    {
        let lane = self.writer();
        async move {
            match self.engine() {
                Engine::Sqlite => self.group.run(&lane, &work).await,
                Engine::Postgres => transaction::run(&lane, &work).await,
            }
        }
    }

    /// The figures of the lanes' pools: of the one on PostgreSQL, of the writer's and the readers' on
    /// SQLite.
    #[must_use]
    pub fn pool_status(&self) -> Vec<PoolStatus> {
        let writer = self.writer.status();
        match self.engine() {
            Engine::Sqlite => vec![writer, self.reader.status()],
            Engine::Postgres => vec![writer],
        }
    }

    /// Has the figures of the pools among the metrics before a lane is used: a series that is not there
    /// looks like a program that is not there.
    pub(crate) fn publish_figures(&self) {
        for pool in [&self.reader, &self.writer] {
            pool.publish_figures();
        }
    }

    /// Opens a connection outside the pool, within `connect_timeout`.
    ///
    /// # Errors
    /// [`DatabaseError::Connect`] with the cause and what to do.
    pub async fn connect(&self) -> Result<AnyConnection, DatabaseError> {
        self.connector.connect(Purpose::Work).await
    }

    /// Opens a connection to probe with; once the database was `seen`, a missing file is an error.
    pub(crate) async fn connect_for_probe(
        &self,
        seen: bool,
    ) -> Result<AnyConnection, DatabaseError> {
        self.connector
            .connect(Purpose::Probe { create: !seen })
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
        tokio::join!(self.reader.close(), self.pool.close());
        // SQLite's log is copied into the file by whoever closes last, who has to be able to write.
        self.writer.close().await;
    }
}
