//! The connection: `PgConnection`, and what the driver must remember about it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::any::{AnyArguments, AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::migrate::Migrate;
use sqlx::postgres::{PgConnection, PgDatabaseError, PgSeverity};
use sqlx::{Connection as _, Either, Error, SqlStr, Transaction};
use tokio::time::timeout;

use super::asked::{self, Asked};
use super::database::Database;
use super::options::Options;
use super::simple::CustomTypes;
use super::statement::Statements;
use super::transaction::TransactionState;
use crate::driver::link::Link;

/// How long a connection may take to say goodbye before its socket is dropped.
const CLOSE_DEADLINE: Duration = Duration::from_secs(5);

/// A connection to PostgreSQL that speaks `Any`.
pub(super) struct Connection {
    pub(super) inner: PgConnection,
    pub(super) transaction: TransactionState,
    pub(super) statements: Statements,
    pub(super) custom_types: CustomTypes,
    /// Whether a future or stream that was using the connection may have been dropped half-way, so
    /// that its answers, and its error, are still to come.
    pub(super) in_flight: bool,
    /// When the server was asked what it last answered in full, if nothing has failed or was dropped since.
    answered: Option<Asked>,
    /// Whether the socket has failed, so that a graceful goodbye could only wait.
    pub(super) broken: bool,
    /// What whoever opened the connection knows of it.
    pub(super) link: Arc<Link>,
    /// What the server was told at the start; zero is no limit, or none that is known.
    pub(super) statement_timeout: Duration,
}

impl Connection {
    pub(super) fn new(
        inner: PgConnection,
        statement_capacity: usize,
        link: Arc<Link>,
        statement_timeout: Duration,
    ) -> Self {
        Self {
            inner,
            link,
            statement_timeout,
            transaction: TransactionState::default(),
            statements: Statements::new(statement_capacity),
            custom_types: CustomTypes::default(),
            in_flight: false,
            answered: None,
            broken: false,
        }
    }

    /// Takes note that the server has answered in full what it was asked then.
    pub(super) const fn note_answer(&mut self, asked: Asked) {
        self.answered = Some(asked);
    }

    /// Takes note that the last answer tells nothing of the server as it is now.
    pub(super) const fn forget_answer(&mut self) {
        self.answered = None;
    }

    /// Takes note of what an error says about the connection and its transaction.
    pub(super) fn note_error(&mut self, error: &Error) {
        self.forget_answer();
        match error {
            Error::Database(error) if ends_the_connection(&**error) => self.note_lost(),
            Error::Database(_) => self.note_failed_statement(),
            Error::Io(_) | Error::Tls(_) | Error::Protocol(_) => self.note_lost(),
            _ => {}
        }
    }

    fn note_lost(&mut self) {
        if !self.broken {
            asked::note_loss();
        }
        self.broken = true;
        self.link.note_lost();
    }

    async fn close_gracefully(self) -> Result<(), Error> {
        // `AnyConnection::close_hard` calls `close` too (transact-rs/sqlx#4359, mended after
        // 0.9.0), so what is known to be broken is closed hard here.
        if self.broken {
            return self.inner.close_hard().await;
        }
        if let Ok(closed) = timeout(CLOSE_DEADLINE, self.inner.close()).await {
            return closed;
        }
        tracing::debug!(
            deadline_seconds = CLOSE_DEADLINE.as_secs(),
            "dropped a connection that did not close in time"
        );
        Ok(())
    }
}

/// Whether the server has closed the connection with this error: it was told to, or it goes down.
pub(super) fn ends_the_connection(error: &dyn sqlx::error::DatabaseError) -> bool {
    let error = error.try_downcast_ref::<PgDatabaseError>();
    error.is_some_and(|error| matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic))
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl sqlx::Connection for Connection {
    type Database = Database;
    type Options = Options;

    async fn close(self) -> Result<(), Error> {
        self.close_gracefully().await
    }

    async fn close_hard(self) -> Result<(), Error> {
        self.inner.close_hard().await
    }

    /// A pool pings a connection that comes back to it, and again before it hands it out. Where a statement
    /// has just been answered, nothing is sent.
    async fn ping(&mut self) -> Result<(), Error> {
        if self.broken {
            let lost = "the connection was lost before";
            return Err(io::Error::new(io::ErrorKind::NotConnected, lost).into());
        }
        self.settle_soon().await?;
        self.roll_back_text().await?;
        if self.answered.is_some_and(Asked::is_as_good_as_a_ping) {
            return Ok(());
        }
        let asked = Asked::now();
        self.in_flight = true;
        let result = self.inner.ping().await;
        self.in_flight = false;
        match &result {
            Ok(()) => self.note_answer(asked),
            Err(error) => self.note_error(error),
        }
        result
    }

    async fn begin(&mut self) -> Result<Transaction<'_, Database>, Error> {
        Transaction::begin(self, None).await
    }

    fn cached_statements_size(&self) -> usize {
        self.inner.cached_statements_size()
    }

    async fn clear_cached_statements(&mut self) -> Result<(), Error> {
        self.settle().await?;
        self.forget_statements().await
    }

    fn shrink_buffers(&mut self) {
        self.inner.shrink_buffers();
    }

    async fn flush(&mut self) -> Result<(), Error> {
        self.settled().await?.flush().await
    }

    /// True for one that is broken too: a pool must not take it for one that is in order.
    fn should_flush(&self) -> bool {
        self.broken || self.is_unsettled() || self.inner.should_flush()
    }
}

impl sqlx_core::any::AnyConnectionBackend for Connection {
    fn name(&self) -> &str {
        <Database as sqlx::Database>::NAME
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<(), Error>> {
        Box::pin(sqlx::Connection::close(*self))
    }

    fn close_hard(self: Box<Self>) -> BoxFuture<'static, Result<(), Error>> {
        Box::pin(sqlx::Connection::close_hard(*self))
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(sqlx::Connection::ping(self))
    }

    fn begin(&mut self, statement: Option<SqlStr>) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(self.begin_transaction(statement))
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(self.commit_transaction())
    }

    fn rollback(&mut self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(self.rollback_transaction())
    }

    fn start_rollback(&mut self) {
        self.queue_rollback();
    }

    fn get_transaction_depth(&self) -> usize {
        self.transaction_depth()
    }

    fn cached_statements_size(&self) -> usize {
        sqlx::Connection::cached_statements_size(self)
    }

    fn clear_cached_statements(&mut self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(sqlx::Connection::clear_cached_statements(self))
    }

    fn shrink_buffers(&mut self) {
        sqlx::Connection::shrink_buffers(self);
    }

    fn flush(&mut self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(sqlx::Connection::flush(self))
    }

    fn should_flush(&self) -> bool {
        sqlx::Connection::should_flush(self)
    }

    fn as_migrate(&mut self) -> Result<&mut (dyn Migrate + Send + 'static), Error> {
        Ok(self)
    }

    fn fetch_many(
        &mut self,
        query: SqlStr,
        persistent: bool,
        arguments: Option<AnyArguments>,
    ) -> BoxStream<'_, Result<Either<AnyQueryResult, AnyRow>, Error>> {
        match arguments {
            Some(arguments) => self.run_prepared(query, persistent, arguments.values.0),
            None => self.run_simple(query),
        }
    }

    fn fetch_optional(
        &mut self,
        query: SqlStr,
        persistent: bool,
        arguments: Option<AnyArguments>,
    ) -> BoxFuture<'_, Result<Option<AnyRow>, Error>> {
        Box::pin(self.first_row(query, persistent, arguments))
    }

    fn prepare_with<'c, 'q: 'c>(
        &'c mut self,
        sql: SqlStr,
        _parameters: &[AnyTypeInfo],
    ) -> BoxFuture<'c, Result<AnyStatement, Error>> {
        Box::pin(self.describe_for_any(sql))
    }

    #[cfg(feature = "macros")]
    fn describe(&mut self, sql: SqlStr) -> BoxFuture<'_, Result<sqlx::Describe<sqlx::Any>, Error>> {
        Box::pin(async move {
            let statement = self.describe_for_any(sql).await?;
            Ok(sqlx::Describe {
                nullable: vec![None; statement.columns.len()],
                columns: statement.columns,
                parameters: statement.parameters,
            })
        })
    }
}
