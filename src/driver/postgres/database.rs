//! The type that stands for this driver in SQLx's traits.
//!
//! `Any` asks a [`sqlx::Database`] for its connection, its name and its URL schemes only. Rows,
//! values and the rest are never made, so their types have no values; the functions over them can't
//! be called.

use std::borrow::Cow;
use std::fmt;

use sqlx::database::HasStatementCache;
use sqlx::encode::Encode;
use sqlx::error::BoxDynError;
use sqlx::migrate::MigrateDatabase;
use sqlx::postgres::Postgres;
use sqlx::{ColumnIndex, Either, Error, SqlStr, Type};

use super::connection::Connection;
use super::transaction::Transactions;

/// The driver's database.
#[derive(Debug)]
pub(super) struct Database;

impl sqlx::Database for Database {
    type Connection = Connection;
    type TransactionManager = Transactions;
    type Row = Never;
    type QueryResult = NoResult;
    type Column = Never;
    type TypeInfo = Never;
    type Value = Never;
    type ValueRef<'r> = Never;
    type Arguments = NoArguments;
    type ArgumentBuffer = ();
    type Statement = Never;

    const NAME: &'static str = "PostgreSQL";
    const URL_SCHEMES: &'static [&'static str] = &super::URL_SCHEMES;
}

impl HasStatementCache for Database {}

impl MigrateDatabase for Database {
    async fn create_database(url: &str) -> Result<(), Error> {
        Postgres::create_database(url).await
    }

    async fn database_exists(url: &str) -> Result<bool, Error> {
        Postgres::database_exists(url).await
    }

    async fn drop_database(url: &str) -> Result<(), Error> {
        Postgres::drop_database(url).await
    }

    async fn force_drop_database(url: &str) -> Result<(), Error> {
        Postgres::force_drop_database(url).await
    }
}

/// A type without values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Never {}

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl sqlx::Row for Never {
    type Database = Database;

    fn columns(&self) -> &[Never] {
        match *self {}
    }

    fn try_get_raw<I: ColumnIndex<Self>>(&self, _: I) -> Result<Never, Error> {
        match *self {}
    }
}

impl sqlx::Column for Never {
    type Database = Database;

    fn ordinal(&self) -> usize {
        match *self {}
    }

    fn name(&self) -> &str {
        match *self {}
    }

    fn type_info(&self) -> &Never {
        match *self {}
    }
}

impl sqlx::TypeInfo for Never {
    fn is_null(&self) -> bool {
        match *self {}
    }

    fn name(&self) -> &str {
        match *self {}
    }
}

impl sqlx::Value for Never {
    type Database = Database;

    fn as_ref(&self) -> Never {
        match *self {}
    }

    fn type_info(&self) -> Cow<'_, Never> {
        match *self {}
    }

    fn is_null(&self) -> bool {
        match *self {}
    }
}

impl sqlx::ValueRef<'_> for Never {
    type Database = Database;

    fn to_owned(&self) -> Never {
        match *self {}
    }

    fn type_info(&self) -> Cow<'_, Never> {
        match *self {}
    }

    fn is_null(&self) -> bool {
        match *self {}
    }
}

impl sqlx::Statement for Never {
    type Database = Database;

    fn into_sql(self) -> SqlStr {
        match self {}
    }

    fn sql(&self) -> &SqlStr {
        match *self {}
    }

    fn parameters(&self) -> Option<Either<&[Never], usize>> {
        match *self {}
    }

    fn columns(&self) -> &[Never] {
        match *self {}
    }

    sqlx_core::impl_statement_query!(NoArguments);
}

/// The result of nothing.
#[derive(Debug, Default)]
pub(super) struct NoResult;

impl Extend<NoResult> for NoResult {
    fn extend<T: IntoIterator<Item = NoResult>>(&mut self, _: T) {}
}

/// Arguments that nothing can be added to: those of `Any` are used instead.
#[derive(Debug, Default)]
pub(super) struct NoArguments;

impl sqlx::Arguments for NoArguments {
    type Database = Database;

    fn reserve(&mut self, _: usize, _: usize) {}

    fn add<'t, T: Encode<'t, Database> + Type<Database>>(
        &mut self,
        _: T,
    ) -> Result<(), BoxDynError> {
        Err("this driver takes arguments through `Any` only".into())
    }

    fn len(&self) -> usize {
        0
    }
}

sqlx_core::impl_into_arguments_for_arguments!(NoArguments);
