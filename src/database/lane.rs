//! The two lanes: what a caller means to do, to read or to write.

use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::any::{AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::{Any, AssertSqlSafe, Either, Error, Execute, Executor, SqlSafeStr as _, SqlStr};
use sqlx_core::try_stream;

use super::outcome::StatementOutcomeUnknown;
use super::pool::{Holder, Lease, Mode, Pool};
use super::session::{Home, Isolation, Session, SessionGuard};
use super::transaction;
use super::{Database, DatabaseError, ErrorKind};
use crate::config::Engine;

/// What a caller means to do with the database: [`Database::reader`](super::Database::reader) or
/// [`Database::writer`](super::Database::writer).
///
/// It is an [`Executor`]: `sqlx::query("…").fetch_all(database.reader())` takes a connection, runs the
/// one statement outside of a transaction, and gives the connection back. Several statements that
/// belong together are a [`Session`]'s.
///
/// | | on SQLite | on PostgreSQL |
/// |---|---|---|
/// | reader | one of up to `pool_size + max_overflow` connections that only read, beside the writer | a connection of the one pool, told to read only |
/// | writer | the one connection that writes, in turn | a connection of the one pool |
///
/// Where the connection is lost while a statement by itself runs on the writer lane, the error is of
/// [`ErrorKind::OutcomeUnknown`](super::ErrorKind::OutcomeUnknown): it may have been carried out.
///
/// A write on the reader lane is an error of [`ErrorKind::ReadOnly`](super::ErrorKind::ReadOnly) on both.
#[derive(Debug, Clone)]
pub struct Lane {
    pool: Pool,
    engine: Engine,
    mode: Mode,
    holder: Holder,
    isolation: Option<Isolation>,
    statement_timeout: Option<Duration>,
    retry_deadline: Duration,
}

impl Lane {
    pub(super) fn new(
        database: &Database,
        pool: &Pool,
        mode: Mode,
        place: &'static Location<'static>,
    ) -> Self {
        Self {
            pool: pool.clone(),
            engine: database.engine(),
            mode,
            holder: Holder::Place(place),
            isolation: None,
            statement_timeout: None,
            retry_deadline: database.retry_deadline,
        }
    }

    /// Has the transactions of this lane see others so, instead of by the database's default.
    #[must_use]
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = Some(isolation);
        self
    }

    /// Lets each statement of a transaction of this lane run for this long, instead of
    /// `database.statement_timeout`; zero is without limit. A server that has not answered 5 s after
    /// it is given up, as there.
    #[must_use]
    pub fn statement_timeout(mut self, limit: Duration) -> Self {
        self.statement_timeout = Some(limit);
        self
    }

    /// Gives the caller a name, for the figures, the warnings and the errors of the pool; else it is
    /// known by its place in the source.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.holder = Holder::Name(Arc::from(name));
        self
    }

    /// Takes a connection, for statements outside of a transaction.
    ///
    /// # Errors
    /// [`DatabaseError::Acquire`] where none came free within `database.acquire_timeout` or the pool is
    /// overloaded or closed; [`DatabaseError::Connect`] where none can be opened and trying again is
    /// of no use.
    pub async fn acquire(&self) -> Result<Lease, DatabaseError> {
        self.pool.acquire(Some(self.mode), &self.holder).await
    }

    /// Begins a unit of work, which takes its connection with its first statement.
    #[must_use]
    pub fn session(&self) -> Session {
        Session::new(self.clone())
    }

    /// Runs a unit of work and commits it; runs all of it again where another transaction was in the
    /// way.
    ///
    /// It is run again after [`ErrorKind::Retryable`](super::ErrorKind::Retryable) and, before its
    /// COMMIT, a lost connection: with growing pauses, for `database.retry_deadline`. It is not run
    /// again where the outcome of its COMMIT is not known. So `work` may run many times, and does
    /// nothing but database work that a roll-back undoes.
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
    /// # sqlx::query("CREATE TABLE counter (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)").execute(database.writer()).await?;
    /// # sqlx::query("INSERT INTO counter VALUES (1, 41)").execute(database.writer()).await?;
    /// let n = database
    ///     .writer()
    ///     .transaction(|mut session| async move {
    ///         let n: i64 = sqlx::query_scalar("SELECT n FROM counter WHERE id = 1")
    ///             .fetch_one(&mut *session)
    ///             .await?;
    ///         sqlx::query("UPDATE counter SET n = $1 WHERE id = 1")
    ///             .bind(n + 1)
    ///             .execute(&mut *session)
    ///             .await?;
    ///         Ok::<_, DatabaseError>(n + 1)
    ///     })
    ///     .await?;
    /// assert_eq!(n, 42);
    /// # database.close().await;
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub async fn transaction<T, E, F, R>(&self, work: F) -> Result<T, E>
    where
        F: Fn(SessionGuard) -> R,
        R: Future<Output = Result<T, E>>,
        E: From<DatabaseError>,
    {
        transaction::run(self, &work).await
    }

    /// Runs a unit of work and commits it, once: for what must not run again.
    ///
    /// # Errors
    /// That of `work`, after a roll-back; that of the commit, as [`Session::commit`].
    pub async fn transaction_once<T, E, F, R>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(SessionGuard) -> R,
        R: Future<Output = Result<T, E>>,
        E: From<DatabaseError>,
    {
        let (session, home) = Home::lend(self.session());
        let result = work(session).await;
        let finished = transaction::finish(&home, result).await;
        finished.map_err(|(error, _)| error)
    }

    /// Takes a connection for a transaction, which says itself what it may do.
    pub(super) async fn acquire_for_transaction(&self) -> Result<Lease, DatabaseError> {
        self.pool.acquire(None, &self.holder).await
    }

    pub(super) fn acquire_timeout(&self) -> Duration {
        self.pool.acquire_timeout()
    }

    /// The error of a caller who has waited for so long in another queue than the pool's.
    pub(super) fn time_out(&self, waited: Duration) -> DatabaseError {
        self.pool.time_out(waited)
    }

    pub(super) fn retry_deadline(&self) -> Duration {
        self.retry_deadline
    }

    /// What begins a transaction of this lane.
    pub(super) fn begin(&self) -> SqlStr {
        match (self.engine, self.isolation, self.statement_timeout) {
            (Engine::Sqlite, ..) if self.writes() => "BEGIN IMMEDIATE".into_sql_str(),
            (Engine::Sqlite, ..) => "BEGIN".into_sql_str(),
            (Engine::Postgres, None, None) if self.writes() => "BEGIN READ WRITE".into_sql_str(),
            (Engine::Postgres, isolation, limit) => {
                let isolation = isolation.map_or("", Isolation::sql);
                let mode = if self.writes() { "WRITE" } else { "ONLY" };
                let timeout = limit.map_or_else(String::new, |limit| {
                    format!("; SET LOCAL statement_timeout = {}", whole_millis(limit))
                });
                AssertSqlSafe(format!("BEGIN{isolation} READ {mode}{timeout}")).into_sql_str()
            }
        }
    }

    /// The limit for the driver, which on PostgreSQL is part of [`Self::begin`] for the server.
    pub(super) fn driver_timeout(&self) -> Option<Duration> {
        self.statement_timeout
    }

    /// What an error of a statement by itself means: on the writer lane, where the connection was lost,
    /// the statement may have been carried out.
    fn outcome(&self, error: Error) -> Error {
        if self.writes() && ErrorKind::of(&error) == ErrorKind::Connection {
            return StatementOutcomeUnknown::of(error);
        }
        error
    }

    pub(super) fn writes(&self) -> bool {
        self.mode == Mode::ReadWrite
    }
}

impl<'l> Executor<'l> for Lane {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<AnyQueryResult, AnyRow>, Error>>
    where
        'l: 'e,
        E: 'q + Execute<'q, Any>,
    {
        Box::pin(try_stream! {
            let mut conn = self.acquire().await.map_err(DatabaseError::into_sqlx)?;
            let mut items = conn.fetch_many(query);
            while let Some(item) = items.try_next().await.map_err(|error| self.outcome(error))? {
                r#yield!(item);
            }
            Ok(())
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        'l: 'e,
        E: 'q + Execute<'q, Any>,
    {
        Box::pin(async move {
            let mut conn = self.acquire().await.map_err(DatabaseError::into_sqlx)?;
            let row = conn.fetch_optional(query).await;
            row.map_err(|error| self.outcome(error))
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> BoxFuture<'e, Result<AnyStatement, Error>>
    where
        'l: 'e,
    {
        Box::pin(async move {
            let mut conn = self.acquire().await.map_err(DatabaseError::into_sqlx)?;
            conn.prepare_with(sql, parameters).await
        })
    }

    #[cfg(feature = "macros")]
    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<sqlx::Describe<Any>, Error>>
    where
        'l: 'e,
    {
        Box::pin(async move {
            let mut conn = self.acquire().await.map_err(DatabaseError::into_sqlx)?;
            conn.describe(sql).await
        })
    }
}

impl<'l> Executor<'l> for &'l Lane {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<AnyQueryResult, AnyRow>, Error>>
    where
        'l: 'e,
        E: 'q + Execute<'q, Any>,
    {
        self.clone().fetch_many(query)
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        'l: 'e,
        E: 'q + Execute<'q, Any>,
    {
        self.clone().fetch_optional(query)
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> BoxFuture<'e, Result<AnyStatement, Error>>
    where
        'l: 'e,
    {
        self.clone().prepare_with(sql, parameters)
    }

    #[cfg(feature = "macros")]
    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<sqlx::Describe<Any>, Error>>
    where
        'l: 'e,
    {
        self.clone().describe(sql)
    }
}

/// In milliseconds, of which none would mean no limit.
fn whole_millis(limit: Duration) -> u128 {
    let least = u128::from(!limit.is_zero());
    limit.as_millis().max(least)
}
