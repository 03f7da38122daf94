//! The driver as sqlx's [`Database`] wants it.
//!
//! `Any` uses the connection and nothing else of it: rows, values, arguments and statements are
//! those of `Any`. The types that the trait asks for besides have no values.

use super::connection::SqliteConnection;
use super::options::Options;
use super::transaction::SqliteTransactionManager;
use crate::driver::link::Link;
use sqlx_core::any::{AnyConnectOptions, AnyConnectionBackend};
use sqlx_core::arguments::Arguments;
use sqlx_core::column::{Column, ColumnIndex};
use sqlx_core::connection::{ConnectOptions as _, Connection, LogSettings};
use sqlx_core::database::Database;
use sqlx_core::encode::Encode;
use sqlx_core::error::BoxDynError;
use sqlx_core::row::Row;
use sqlx_core::sql_str::SqlStr;
use sqlx_core::statement::Statement;
use sqlx_core::transaction::Transaction;
use sqlx_core::type_info::TypeInfo;
use sqlx_core::types::Type;
use sqlx_core::value::{Value, ValueRef};
use sqlx_core::{Either, Error};
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// SQLite, as a database of sqlx's `Any`. It has no use of its own.
#[derive(Debug)]
#[non_exhaustive]
pub struct Sqlite;

impl Database for Sqlite {
    type Connection = SqliteConnection;
    type TransactionManager = SqliteTransactionManager;
    type Row = Never;
    type QueryResult = NoResult;
    type Column = Never;
    type TypeInfo = Never;
    type Value = Never;
    type ValueRef<'r> = Never;
    type Arguments = NoArguments;
    type ArgumentBuffer = ();
    type Statement = Never;

    const NAME: &'static str = "SQLite";
    const URL_SCHEMES: &'static [&'static str] = &super::URL_SCHEMES;
}

/// What `Any` hands to the driver to connect.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    pub(super) options: Options,
    pub(super) log: LogSettings,
    pub(super) link: Arc<Link>,
}

impl<'a> TryFrom<&'a AnyConnectOptions> for ConnectOptions {
    type Error = Error;

    fn try_from(any: &'a AnyConnectOptions) -> Result<Self, Error> {
        let mut options = Self::from_url(&any.database_url)?;
        options.log = any.log_settings.clone();
        Ok(options)
    }
}

impl FromStr for ConnectOptions {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self, Error> {
        Self::from_url(&url.parse().map_err(Error::config)?)
    }
}

impl sqlx_core::connection::ConnectOptions for ConnectOptions {
    type Connection = SqliteConnection;

    fn from_url(url: &Url) -> Result<Self, Error> {
        let options = Options::from_connection_url(url).map_err(Error::config)?;
        Ok(Self {
            options,
            log: LogSettings::default(),
            link: Link::taken(url),
        })
    }

    fn connect(&self) -> impl Future<Output = Result<SqliteConnection, Error>> + Send + '_ {
        SqliteConnection::open(self)
    }

    fn log_statements(mut self, level: log::LevelFilter) -> Self {
        self.log.log_statements(level);
        self
    }

    fn log_slow_statements(mut self, level: log::LevelFilter, duration: Duration) -> Self {
        self.log.log_slow_statements(level, duration);
        self
    }
}

impl Connection for SqliteConnection {
    type Database = Sqlite;
    type Options = ConnectOptions;

    fn close(self) -> impl Future<Output = Result<(), Error>> + Send + 'static {
        AnyConnectionBackend::close(Box::new(self))
    }

    fn close_hard(self) -> impl Future<Output = Result<(), Error>> + Send + 'static {
        AnyConnectionBackend::close_hard(Box::new(self))
    }

    fn ping(&mut self) -> impl Future<Output = Result<(), Error>> + Send + '_ {
        AnyConnectionBackend::ping(self)
    }

    fn begin(
        &mut self,
    ) -> impl Future<Output = Result<Transaction<'_, Sqlite>, Error>> + Send + '_ {
        Transaction::begin(self, None)
    }

    fn shrink_buffers(&mut self) {}

    fn flush(&mut self) -> impl Future<Output = Result<(), Error>> + Send + '_ {
        AnyConnectionBackend::flush(self)
    }

    fn should_flush(&self) -> bool {
        AnyConnectionBackend::should_flush(self)
    }
}

/// A type without values.
#[derive(Clone, Debug, PartialEq)]
pub enum Never {}

impl fmt::Display for Never {
    fn fmt(&self, _formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl Row for Never {
    type Database = Sqlite;

    fn columns(&self) -> &[Self] {
        match *self {}
    }

    fn try_get_raw<I: ColumnIndex<Self>>(&self, _index: I) -> Result<Self, Error> {
        match *self {}
    }
}

impl Column for Never {
    type Database = Sqlite;

    fn ordinal(&self) -> usize {
        match *self {}
    }

    fn name(&self) -> &str {
        match *self {}
    }

    fn type_info(&self) -> &Self {
        self
    }
}

impl TypeInfo for Never {
    fn is_null(&self) -> bool {
        match *self {}
    }

    fn name(&self) -> &str {
        match *self {}
    }
}

impl Value for Never {
    type Database = Sqlite;

    fn as_ref(&self) -> Self {
        match *self {}
    }

    fn type_info(&self) -> Cow<'_, Self> {
        match *self {}
    }

    fn is_null(&self) -> bool {
        match *self {}
    }
}

impl ValueRef<'_> for Never {
    type Database = Sqlite;

    fn to_owned(&self) -> Self {
        match *self {}
    }

    fn type_info(&self) -> Cow<'_, Self> {
        match *self {}
    }

    fn is_null(&self) -> bool {
        match *self {}
    }
}

impl Statement for Never {
    type Database = Sqlite;

    fn into_sql(self) -> SqlStr {
        match self {}
    }

    fn sql(&self) -> &SqlStr {
        match *self {}
    }

    fn parameters(&self) -> Option<Either<&[Self], usize>> {
        match *self {}
    }

    fn columns(&self) -> &[Self] {
        match *self {}
    }

    sqlx_core::impl_statement_query!(NoArguments);
}

/// The arguments of the types that have no values.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct NoArguments;

impl Arguments for NoArguments {
    type Database = Sqlite;

    fn reserve(&mut self, _additional: usize, _size: usize) {}

    fn add<'t, T>(&mut self, _value: T) -> Result<(), BoxDynError>
    where
        T: Encode<'t, Sqlite> + Type<Sqlite>,
    {
        Err("values travel through `Any` only".into())
    }

    fn len(&self) -> usize {
        0
    }
}

sqlx_core::impl_into_arguments_for_arguments!(NoArguments);

/// The figures of the types that have no values.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct NoResult;

impl Extend<Self> for NoResult {
    fn extend<T: IntoIterator<Item = Self>>(&mut self, _figures: T) {}
}
