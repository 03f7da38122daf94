//! Statements of a session.

use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::any::{AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::{Any, AnyConnection, Either, Error, Execute, Executor, SqlStr};
use sqlx_core::try_stream;

use super::Session;
use super::failure::Failed;
use crate::database::{DatabaseError, ErrorKind};

impl Session {
    async fn ready(&mut self) -> Result<&mut AnyConnection, Error> {
        self.connection().await.map_err(DatabaseError::into_sqlx)
    }

    /// The first error fails the session, unless it is the answer that there is no such row.
    fn note(&mut self, error: &Error) {
        if self.failed.is_none() && !matches!(error, Error::RowNotFound) {
            self.failed = Some(Failed::new(ErrorKind::of(error), error, self.savepoints));
        }
    }
}

impl<'s> Executor<'s> for &'s mut Session {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<AnyQueryResult, AnyRow>, Error>>
    where
        's: 'e,
        E: 'q + Execute<'q, Any>,
    {
        Box::pin(try_stream! {
            let conn = self.ready().await?;
            let mut items = conn.fetch_many(query);
            let failure = loop {
                match items.try_next().await {
                    Ok(Some(item)) => r#yield!(item),
                    Ok(None) => return Ok(()),
                    Err(error) => break error,
                }
            };
            drop(items);
            self.note(&failure);
            Err(failure)
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        's: 'e,
        E: 'q + Execute<'q, Any>,
    {
        Box::pin(async move {
            let result = self.ready().await?.fetch_optional(query).await;
            result.inspect_err(|error| self.note(error))
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> BoxFuture<'e, Result<AnyStatement, Error>>
    where
        's: 'e,
    {
        Box::pin(async move {
            let result = self.ready().await?.prepare_with(sql, parameters).await;
            result.inspect_err(|error| self.note(error))
        })
    }

    #[cfg(feature = "macros")]
    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<sqlx::Describe<Any>, Error>>
    where
        's: 'e,
    {
        Box::pin(async move {
            let result = self.ready().await?.describe(sql).await;
            result.inspect_err(|error| self.note(error))
        })
    }
}
