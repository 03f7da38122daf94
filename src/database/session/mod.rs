//! A unit of work: one transaction on one lane, from its first statement to its commit.
//!
//! - `failure`: the first error, after which nothing more is done
//! - `executor`: statements
//! - `guard`: a session on loan to a closure
//! - `savepoint`: parts that may fail by themselves

mod executor;
mod failure;
mod guard;
mod savepoint;

use std::io;

use sqlx::{AnyConnection, Connection as _};
use sqlx_core::any::AnyTransactionManager;
use sqlx_core::transaction::TransactionManager as _;

pub use failure::SessionFailed;
pub(crate) use guard::Home;
pub use guard::SessionGuard;
pub use savepoint::Savepoint;

use super::pool::Lease;
use super::{DatabaseError, ErrorKind, Lane};
use failure::Failed;

/// What a transaction sees of others that run at the same time.
///
/// SQLite's are always [`Isolation::Serializable`], whichever is asked for: there is one writer, and a
/// reader sees the snapshot of its first statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Each statement sees what was committed before it: PostgreSQL's own default.
    ReadCommitted,
    /// All statements see what was committed before the first of them.
    RepeatableRead,
    /// As if the transactions ran one after another; who would break that is refused with
    /// [`ErrorKind::Retryable`].
    Serializable,
}

impl Isolation {
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::ReadCommitted => " ISOLATION LEVEL READ COMMITTED",
            Self::RepeatableRead => " ISOLATION LEVEL REPEATABLE READ",
            Self::Serializable => " ISOLATION LEVEL SERIALIZABLE",
        }
    }
}

/// A unit of work: statements that happen together or not at all.
///
/// It is an [`Executor`](sqlx::Executor) as `&mut session`. It takes a connection of its lane and begins
/// its transaction with the first statement, not before. Dropped, on whatever way, it rolls back.
///
/// The first error fails it, on both engines: later statements are refused with [`SessionFailed`], and so
/// is the commit. What may fail by itself goes into a [`Savepoint`].
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// # let mut config = twinbase::config::DatabaseConfig::default();
/// # config.url = Some("sqlite::memory:".parse()?);
/// # let database = twinbase::database::Database::new(&config)?;
/// # sqlx::query("CREATE TABLE account (id BIGINT PRIMARY KEY, cents BIGINT NOT NULL)").execute(database.writer()).await?;
/// let mut session = database.writer().session();
/// sqlx::query("INSERT INTO account (id, cents) VALUES ($1, $2)")
///     .bind(1_i64)
///     .bind(500_i64)
///     .execute(&mut session)
///     .await?;
/// session.commit().await?;
///
/// let cents: i64 = sqlx::query_scalar("SELECT cents FROM account WHERE id = $1")
///     .bind(1_i64)
///     .fetch_one(database.reader())
///     .await?;
/// assert_eq!(cents, 500);
/// # database.close().await;
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct Session {
    lane: Lane,
    lease: Option<Lease>,
    /// Whether the transaction is shared, so that there is no other to be had.
    in_group: bool,
    /// Whether the transaction, or the session's part of a shared one, has begun.
    begun: bool,
    failed: Option<Failed>,
    /// The savepoints that are open.
    savepoints: usize,
}

impl Session {
    pub(super) fn new(lane: Lane) -> Self {
        Self {
            lane,
            lease: None,
            in_group: false,
            begun: false,
            failed: None,
            savepoints: 0,
        }
    }

    /// A session inside of a transaction that others share: a savepoint is all that it has.
    pub(super) fn in_group(lane: Lane, lease: Lease) -> Self {
        Self {
            lease: Some(lease),
            in_group: true,
            ..Self::new(lane)
        }
    }

    /// Keeps what was done for the commit of the shared transaction.
    pub(super) async fn release_from_group(&mut self) -> Result<(), DatabaseError> {
        self.is_level()?;
        if let (true, Some(lease)) = (self.begun, &mut self.lease) {
            AnyTransactionManager::commit(lease).await?;
            self.begun = false;
        }
        Ok(())
    }

    /// Whether the connection is as deep in its transaction as the session has begun. Where a savepoint
    /// was leaked it is not, and a COMMIT would only release that one.
    fn is_level(&self) -> Result<(), DatabaseError> {
        let Some(lease) = &self.lease else {
            return Ok(());
        };
        let begun = usize::from(self.in_group) + usize::from(self.begun) + self.savepoints;
        let depth = AnyTransactionManager::get_transaction_depth(lease);
        if depth == begun {
            return Ok(());
        }
        tracing::error!(
            depth,
            begun,
            "a session's savepoint was leaked, or its transaction ended by others: it is rolled back"
        );
        Err(SessionFailed::uneven().into())
    }

    /// Undoes what was done in the shared transaction.
    pub(super) fn undo_in_group(&mut self) {
        if let (true, Some(lease)) = (self.begun, &mut self.lease) {
            while AnyTransactionManager::get_transaction_depth(lease) > 1 {
                AnyTransactionManager::start_rollback(lease);
            }
            self.begun = false;
        }
    }

    pub(super) fn into_lease(self) -> Option<Lease> {
        self.lease
    }

    /// What refuses the commit of a session that has failed.
    pub(crate) fn refusal(&self) -> DatabaseError {
        match &self.failed {
            Some(failed) => failed.refusal().into(),
            None => sqlx::Error::PoolClosed.into(),
        }
    }

    /// Whether the session has taken its connection and begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// The kind of the error that has failed the session.
    #[must_use]
    pub fn failure(&self) -> Option<ErrorKind> {
        self.failed.as_ref().map(Failed::kind)
    }

    /// The session's connection, inside of its transaction, for functions that take one.
    ///
    /// Statements that go by this way fail the transaction all the same, though the session does not
    /// learn of the reason.
    ///
    /// # Errors
    /// As the first statement's: those of [`Lane::acquire`], and of the transaction's begin.
    /// [`DatabaseError::Session`] where the session has failed.
    ///
    /// # Panics
    /// Never: a session that has begun has its connection.
    pub async fn connection(&mut self) -> Result<&mut AnyConnection, DatabaseError> {
        if let Some(failed) = &self.failed {
            return Err(failed.refusal().into());
        }
        if !self.begun {
            self.begin().await?;
        }
        match &mut self.lease {
            Some(lease) => Ok(lease),
            None => Err(SessionFailed::over().into()),
        }
    }

    async fn begin(&mut self) -> Result<(), DatabaseError> {
        let result = self.try_begin().await;
        match result {
            Ok(lease) => {
                self.lease = Some(lease);
                self.begun = true;
                Ok(())
            }
            Err(error) => {
                self.failed = Some(Failed::new(error.kind(), &error, self.savepoints));
                Err(error)
            }
        }
    }

    async fn try_begin(&mut self) -> Result<Lease, DatabaseError> {
        if let Some(mut lease) = self.lease.take() {
            return match AnyTransactionManager::begin(&mut lease, None).await {
                Ok(()) => Ok(lease),
                Err(error) => {
                    AnyTransactionManager::start_rollback(&mut lease);
                    self.lease = Some(lease);
                    Err(error.into())
                }
            };
        }
        if self.in_group {
            return Err(SessionFailed::lost().into());
        }
        let mut lease = self.lane.acquire_for_transaction().await?;
        if let (Some(limit), Some(link)) = (self.lane.driver_timeout(), lease.link()) {
            link.set_statement_timeout(Some(limit));
        }
        let begin = self.lane.begin();
        if let Err(error) = AnyTransactionManager::begin(&mut lease, Some(begin)).await {
            AnyTransactionManager::start_rollback(&mut lease);
            return Err(error.into());
        }
        Ok(lease)
    }

    /// Commits what was done. Without a statement there is nothing to do.
    ///
    /// # Errors
    /// [`DatabaseError::Session`] where the session has failed. Where the commit itself fails all is
    /// rolled back. [`ErrorKind::OutcomeUnknown`] where the connection was lost on the way, so that
    /// it may have been carried out or not.
    pub async fn commit(mut self) -> Result<(), DatabaseError> {
        if let Some(failed) = self.failed.take() {
            self.roll_back().await;
            return Err(failed.refusal().into());
        }
        if self.savepoints > 0 || self.is_level().is_err() {
            return Err(SessionFailed::uneven().into());
        }
        let Some(mut lease) = self.lease.take() else {
            return Ok(());
        };
        if lease.link().is_some_and(|link| link.is_lost()) {
            // Nothing was sent, so that it is known what becomes of it.
            return Err(sqlx::Error::from(io::Error::from(io::ErrorKind::NotConnected)).into());
        }
        match AnyTransactionManager::commit(&mut lease).await {
            Ok(()) => Ok(()),
            Err(error) => {
                AnyTransactionManager::start_rollback(&mut lease);
                Err(failure::of_commit(error))
            }
        }
    }

    /// Rolls back what was done. Dropping the session does so too, in the background; so does this where
    /// a statement of the session was dropped and still runs.
    ///
    /// # Errors
    /// Where the connection is lost, which rolls back as well.
    pub async fn rollback(mut self) -> Result<(), DatabaseError> {
        match self.lease.take() {
            Some(mut lease) if !lease.should_flush() => {
                Ok(AnyTransactionManager::rollback(&mut lease).await?)
            }
            // A statement that was dropped may run for long yet. It is not waited for: the pool stops
            // it, as it does where the session is dropped.
            _ => Ok(()),
        }
    }

    /// Whether it is on the writer lane.
    pub(crate) fn writes(&self) -> bool {
        self.lane.writes()
    }

    async fn roll_back(&mut self) {
        if let Some(mut lease) = self.lease.take()
            && !lease.should_flush()
            && let Err(error) = AnyTransactionManager::rollback(&mut lease).await
        {
            tracing::debug!(%error, "a failed session could not be rolled back, its connection is closed");
        }
    }
}
