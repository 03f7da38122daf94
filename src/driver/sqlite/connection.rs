//! The caller's side of a connection.

use super::control::NOT_CANCELLABLE;
use super::database::{ConnectOptions, Sqlite};
use super::engine::{Engine, Request};
use super::worker::{self, Action, Command, Shared};
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use sqlx_core::any::{
    AnyArguments, AnyConnectionBackend, AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo,
};
use sqlx_core::connection::LogSettings;
use sqlx_core::sql_str::SqlStr;
use sqlx_core::{Either, Error};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use tokio::sync::oneshot;

/// A connection to a SQLite database, on a thread of its own.
pub struct SqliteConnection {
    pub(super) shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
    /// The number of the last command.
    number: u64,
    /// The transactions and savepoints that the caller has begun and not ended.
    depth: usize,
    /// Whether a `begin()` was called that has not succeeded; its roll-back is yet to come.
    pub(super) beginning: bool,
    pub(super) inline_reads: bool,
    pub(super) log: LogSettings,
}

impl SqliteConnection {
    /// Opens a connection.
    pub(super) async fn open(options: &ConnectOptions) -> Result<Self, Error> {
        let (commands, receiver) = mpsc::channel();
        let (ready, opened) = oneshot::channel();
        let for_thread = options.options.clone();
        let link = Arc::clone(&options.link);
        std::thread::Builder::new()
            .name("twinbase-sqlite".to_owned())
            .spawn(move || worker::run(for_thread, link, &receiver, ready))?;
        let shared = opened.await.map_err(|_| Error::WorkerCrashed)??;
        Ok(Self {
            shared,
            commands,
            number: 0,
            depth: 0,
            beginning: false,
            inline_reads: options.options.inline_reads,
            log: options.log.clone(),
        })
    }

    /// Has the engine on this thread, where nothing is under way.
    fn with_engine<T>(&self, act: impl FnOnce(&mut Engine) -> Option<T>) -> Option<T> {
        if !self.inline_reads || self.shared.control.pending.load(Ordering::Acquire) != 0 {
            return None;
        }
        act(self.shared.engine.try_lock().ok()?.as_mut()?)
    }

    /// Sends a command, and gives what cancels it when dropped.
    pub(super) fn send(
        &mut self,
        command: impl FnOnce(u64) -> Command,
    ) -> Result<Cancellation, Error> {
        self.number += 1;
        let number = self.number;
        self.post(command(number))?;
        Ok(Cancellation {
            shared: Arc::clone(&self.shared),
            number,
        })
    }

    fn post(&self, command: Command) -> Result<(), Error> {
        self.shared.control.pending.fetch_add(1, Ordering::AcqRel);
        self.commands.send(command).map_err(|_| {
            self.shared.control.pending.fetch_sub(1, Ordering::AcqRel);
            Error::WorkerCrashed
        })
    }

    async fn act(&mut self, action: Action) -> Result<(), Error> {
        if let Some(()) = self.with_engine(|engine| engine.act_inline(&action)) {
            return Ok(());
        }
        let (reply, answer) = oneshot::channel();
        let cancellation = self.send(|number| Command::Do {
            number,
            action,
            reply,
        })?;
        let result = answer.await;
        cancellation.disarm();
        result.map_err(|_| Error::WorkerCrashed)?
    }

    /// Whether nothing is under way, and SQL text has left nothing open.
    fn is_quiet(&self) -> bool {
        let control = &self.shared.control;
        control.pending.load(Ordering::Acquire) == 0
            && (self.depth > 0 || control.depth.load(Ordering::Acquire) == 0)
    }

    /// A request at the depth where the caller is.
    pub(super) fn request(
        &self,
        sql: SqlStr,
        persistent: bool,
        arguments: Option<AnyArguments>,
    ) -> Request {
        Request::new(sql, persistent, arguments, self.depth)
    }
}

/// Cancels a command when it is dropped.
pub(super) struct Cancellation {
    shared: Arc<Shared>,
    number: u64,
}

impl Cancellation {
    /// The command is over.
    pub(super) fn disarm(mut self) {
        self.number = 0;
    }
}

impl Drop for Cancellation {
    fn drop(&mut self) {
        if self.number > 0 {
            self.shared
                .control
                .cancel(self.number, &self.shared.interrupt, &self.shared.thread);
        }
    }
}

impl fmt::Debug for SqliteConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SqliteConnection")
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}

impl AnyConnectionBackend for SqliteConnection {
    fn name(&self) -> &'static str {
        <Sqlite as sqlx_core::database::Database>::NAME
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<(), Error>> {
        Box::pin(async move {
            let (reply, closed) = oneshot::channel();
            self.post(Command::Close { reply })?;
            closed.await.map_err(|_| Error::WorkerCrashed)
        })
    }

    fn close_hard(self: Box<Self>) -> BoxFuture<'static, Result<(), Error>> {
        let Shared {
            control,
            interrupt,
            thread,
            ..
        } = &*self.shared;
        control.cancel(self.number, interrupt, thread);
        AnyConnectionBackend::close(self)
    }

    /// Costs nothing while nothing is under way; else it waits for that, a roll-back say.
    ///
    /// The pool asks where a connection comes back to it: a transaction that SQL text began and did
    /// not end is rolled back here, lest it swallow what the next user writes.
    fn ping(&mut self) -> BoxFuture<'_, Result<(), Error>> {
        // These have no size, and so their boxes cost nothing. Nothing is written either, not even a lock: the
        // next user may be on another processor.
        if self.shared.control.ended.load(Ordering::Acquire) {
            return Box::pin(async { Err(Error::WorkerCrashed) });
        }
        if self.is_quiet() {
            return Box::pin(async { Ok(()) });
        }
        Box::pin(self.act(if self.depth == 0 {
            Action::EndLeftOpen
        } else {
            Action::Nothing
        }))
    }

    fn begin(&mut self, statement: Option<SqlStr>) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            self.beginning = true;
            if self.depth > 0 && statement.is_some() {
                return Err(Error::InvalidSavePointStatement);
            }
            self.act(Action::Begin {
                statement,
                depth: self.depth,
            })
            .await?;
            self.beginning = false;
            self.depth += 1;
            Ok(())
        })
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            self.beginning = false;
            self.act(Action::Commit { depth: self.depth }).await?;
            self.depth = self.depth.saturating_sub(1);
            Ok(())
        })
    }

    fn rollback(&mut self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            self.beginning = false;
            let depth = self.depth.saturating_sub(1);
            let (reply, answer) = oneshot::channel();
            let action = Action::RollBackTo(depth);
            self.post(Command::Do {
                number: NOT_CANCELLABLE,
                action,
                reply,
            })?;
            answer.await.map_err(|_| Error::WorkerCrashed)??;
            self.depth = depth;
            Ok(())
        })
    }

    /// Called where a transaction is dropped: one that was begun, or one whose `begin()` failed or
    /// was dropped, which must not cost the transaction around it
    /// (transact-rs/sqlx rolls that back, up to 0.9.0).
    fn start_rollback(&mut self) {
        if self.beginning {
            self.beginning = false;
        } else {
            self.depth = self.depth.saturating_sub(1);
        }
        let (reply, _) = oneshot::channel();
        let action = Action::RollBackTo(self.depth);
        if self
            .post(Command::Do {
                number: NOT_CANCELLABLE,
                action,
                reply,
            })
            .is_err()
        {
            tracing::warn!("the thread of a SQLite connection has ended, which rolls back as well");
        }
    }

    /// The depth that the caller has reached; 1 where SQL text has begun a transaction.
    fn get_transaction_depth(&self) -> usize {
        self.depth
            .max(self.shared.control.depth.load(Ordering::Acquire).min(1))
    }

    fn cached_statements_size(&self) -> usize {
        let engine = self.shared.engine.try_lock().ok();
        engine
            .and_then(|engine| engine.as_ref().map(Engine::statements))
            .unwrap_or(0)
    }

    fn clear_cached_statements(&mut self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(self.act(Action::ClearStatements))
    }

    fn shrink_buffers(&mut self) {}

    fn flush(&mut self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(self.act(Action::Nothing))
    }

    /// True too where the thread has ended: a pool must not take the connection for one in order.
    fn should_flush(&self) -> bool {
        let control = &self.shared.control;
        control.pending.load(Ordering::Acquire) != 0 || control.ended.load(Ordering::Acquire)
    }

    fn as_migrate(
        &mut self,
    ) -> Result<&mut (dyn sqlx_core::migrate::Migrate + Send + 'static), Error> {
        Ok(self)
    }

    fn fetch_many(
        &mut self,
        query: SqlStr,
        persistent: bool,
        arguments: Option<AnyArguments>,
    ) -> BoxStream<'_, Result<Either<AnyQueryResult, AnyRow>, Error>> {
        let request = self.request(query, persistent, arguments);
        Box::pin(self.rows(request))
    }

    fn fetch_optional(
        &mut self,
        query: SqlStr,
        persistent: bool,
        arguments: Option<AnyArguments>,
    ) -> BoxFuture<'_, Result<Option<AnyRow>, Error>> {
        let request = self.request(query, persistent, arguments);
        Box::pin(self.first_row(request))
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

impl SqliteConnection {
    async fn describe_for_any(&mut self, sql: SqlStr) -> Result<AnyStatement, Error> {
        let (reply, answer) = oneshot::channel();
        let cancellation = self.send(|number| Command::Describe { number, sql, reply })?;
        let result = answer.await;
        cancellation.disarm();
        result.map_err(|_| Error::WorkerCrashed)?
    }
}
