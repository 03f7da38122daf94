//! The two lanes: what a caller means to do, to read or to write.

use std::panic::Location;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::any::{AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::{Any, Either, Error, Execute, Executor, SqlStr};
use sqlx_core::try_stream;

use super::DatabaseError;
use super::pool::{Holder, Lease, Mode, Pool};
use super::session::Session;
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
/// A write on the reader lane is an error of [`ErrorKind::ReadOnly`](super::ErrorKind::ReadOnly) on both.
#[derive(Debug, Clone)]
pub struct Lane {
    pool: Pool,
    engine: Engine,
    mode: Mode,
    holder: Holder,
}

impl Lane {
    pub(super) fn new(
        pool: &Pool,
        engine: Engine,
        mode: Mode,
        place: &'static Location<'static>,
    ) -> Self {
        Self {
            pool: pool.clone(),
            engine,
            mode,
            holder: Holder::Place(place),
        }
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

    /// Takes a connection for a transaction, which says itself what it may do.
    pub(super) async fn acquire_for_transaction(&self) -> Result<Lease, DatabaseError> {
        self.pool.acquire(None, &self.holder).await
    }

    pub(super) fn engine(&self) -> Engine {
        self.engine
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
            while let Some(item) = items.try_next().await? {
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
            conn.fetch_optional(query).await
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
