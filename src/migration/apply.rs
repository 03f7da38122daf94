//! Runs the statements of one version, up or down, in one transaction with its row in the history.

use std::time::{Duration, Instant};

use sqlx::{AnyConnection, Connection as _, Executor as _};

use super::lock::Lock;
use super::statement::{self, Statement};
use super::{Failure, MigrationError, Runner, Step, Undone, history, orphans, record};
use crate::config::Engine;

/// The first pause before a migration that did not get its tables is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// Which way a version goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
}

/// The statements of one version in one direction.
pub(super) struct Work<'a> {
    pub(super) step: &'a Step,
    pub(super) path: &'a str,
    pub(super) direction: Direction,
    pub(super) statements: Vec<Statement>,
}

impl<'a> Work<'a> {
    fn up(step: &'a Step, engine: Engine) -> Self {
        Self {
            step,
            path: &step.path,
            direction: Direction::Up,
            statements: step.statements(engine),
        }
    }

    fn down(step: &'a Step, down: &'a super::Down, engine: Engine) -> Self {
        Self {
            step,
            path: &down.path,
            direction: Direction::Down,
            statements: statement::split(&down.sql, engine),
        }
    }

    fn command(&self) -> &'static str {
        match self.direction {
            Direction::Up => "up",
            Direction::Down => "down",
        }
    }

    pub(super) fn failed(
        &self,
        statement: &Statement,
        undone: Undone,
        source: sqlx::Error,
    ) -> MigrationError {
        let failure = Failure {
            version: self.step.version,
            path: self.path.to_owned(),
            line: statement.line,
            statement: statement.sql.clone(),
            undone,
            command: self.command(),
        };
        MigrationError::Failed(Box::new(failure), source)
    }

    pub(super) fn around(
        &self,
        doing: &'static str,
        undone: Undone,
        source: sqlx::Error,
    ) -> MigrationError {
        MigrationError::Around {
            version: self.step.version,
            path: self.path.to_owned(),
            doing,
            undone,
            command: self.command(),
            source,
        }
    }
}

impl Runner {
    /// Applies one version; `None` where another process did so meanwhile.
    pub(super) async fn apply(&mut self, step: &Step) -> Result<Option<Duration>, MigrationError> {
        let work = Work::up(step, self.engine);
        if step.transactional {
            self.whole(&work).await
        } else {
            self.alone(&work).await
        }
    }

    /// Undoes one version; `None` where another process did so meanwhile.
    pub(super) async fn undo(
        &mut self,
        step: &Step,
        down: &super::Down,
    ) -> Result<Option<Duration>, MigrationError> {
        let work = Work::down(step, down, self.engine);
        if down.transactional {
            self.whole(&work).await
        } else {
            self.alone(&work).await
        }
    }

    /// Runs the work in one transaction, and again where a table was not to be had in time.
    async fn whole(&mut self, work: &Work<'_>) -> Result<Option<Duration>, MigrationError> {
        // SQLite deletes a table's rows before it drops it, and with them the rows that refer to them
        // (transact-rs/sqlx#2085). The switch does nothing inside of a transaction.
        let rebuilds =
            self.engine == Engine::Sqlite && work.statements.iter().any(Statement::drops_table);
        let around = |doing| move |source| work.around(doing, Undone::RolledBack, source);
        let mut before = None;
        if rebuilds {
            let off = self.conn.execute("PRAGMA foreign_keys = OFF").await;
            off.map_err(around("turning foreign keys off"))?;
            let found = orphans::count(&mut self.conn).await;
            before = Some(found.map_err(around("checking foreign keys"))?);
        }
        let mut attempt = 1;
        let result = loop {
            let result = self.attempt(work, before.as_ref()).await;
            match &result {
                Err(error)
                    if attempt < self.settings.table_lock_attempts && is_lock_wait(error) =>
                {
                    let pause = RETRY_PAUSE * attempt.min(8);
                    metrics::counter!("twinbase_migration_retries_total").increment(1);
                    tracing::warn!(
                        version = work.step.version,
                        attempt,
                        retry_in_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                        error = %crate::telemetry::chain(error),
                        "the migration did not get a table in time and was rolled back; trying again"
                    );
                    tokio::time::sleep(pause).await;
                    attempt += 1;
                }
                _ => break result,
            }
        };
        if rebuilds {
            let on = self.conn.execute("PRAGMA foreign_keys = ON").await;
            on.map_err(around("turning foreign keys on"))?;
        }
        result
    }

    async fn attempt(
        &mut self,
        work: &Work<'_>,
        before: Option<&orphans::Orphans>,
    ) -> Result<Option<Duration>, MigrationError> {
        let started = Instant::now();
        let Self {
            conn,
            engine,
            lock,
            settings,
            ..
        } = self;
        let around = |doing| move |source| work.around(doing, Undone::RolledBack, source);
        let mut transaction = conn
            .begin_with(history::begin(*engine))
            .await
            .map_err(around("the begin of its transaction"))?;
        let limit = match engine {
            Engine::Postgres => settings.table_lock_timeout,
            Engine::Sqlite => Duration::ZERO,
        };
        let within = within(&mut transaction, work, lock.as_ref(), limit, before);
        match within.await {
            Ok(true) => {}
            other => {
                // At once, not with the connection's next statement: SQLite's write lock goes with it.
                // PostgreSQL has let go of its locks at the error already.
                if let Err(error) = transaction.rollback().await {
                    tracing::debug!(error = %error, "the server has rolled back already, or will");
                }
                return other.map(|_| None);
            }
        }
        transaction.commit().await.map_err(|source| {
            let undone = match &source {
                sqlx::Error::Database(_) => Undone::RolledBack,
                _ => Undone::Unknown,
            };
            work.around("the commit", undone, source)
        })?;
        Ok(Some(started.elapsed()))
    }
}

/// Does the work inside of its transaction; false where another process has done it meanwhile.
async fn within(
    conn: &mut AnyConnection,
    work: &Work<'_>,
    lock: Option<&Lock>,
    limit: Duration,
    before: Option<&orphans::Orphans>,
) -> Result<bool, MigrationError> {
    let started = Instant::now();
    let around = |doing| move |source| work.around(doing, Undone::RolledBack, source);
    hold(lock, conn).await?;
    if !limit.is_zero() {
        let limit = format!("SET LOCAL lock_timeout = {}", limit.as_millis());
        let set = conn.execute(sqlx::AssertSqlSafe(limit)).await;
        set.map_err(around("setting lock_timeout"))?;
    }
    let there = history::has(conn, work.step.version).await;
    let there = there.map_err(around("reading its row of the history"))?;
    if there == (work.direction == Direction::Up) {
        return Ok(false);
    }
    for statement in &work.statements {
        tracing::debug!(version = work.step.version, line = statement.line, statement = %statement.short(), "running");
        run(conn, statement)
            .await
            .map_err(|source| work.failed(statement, Undone::RolledBack, source))?;
    }
    if let Some(before) = before {
        let after = orphans::count(conn).await;
        let after = after.map_err(around("checking foreign keys"))?;
        orphans::refuse(work.path, before, after)?;
    }
    let nanoseconds = i64::try_from(started.elapsed().as_nanos()).unwrap_or(i64::MAX);
    write(conn, work, nanoseconds)
        .await
        .map_err(around("writing its row of the history"))?;
    renew(lock, conn).await?;
    Ok(true)
}

/// Runs one statement as it stands.
pub(super) async fn run(
    conn: &mut AnyConnection,
    statement: &Statement,
) -> Result<(), sqlx::Error> {
    let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(statement.sql.clone()));
    conn.execute(sql).await.map(|_| ())
}

/// Writes what the work did into the two tables.
pub(super) async fn write(
    conn: &mut AnyConnection,
    work: &Work<'_>,
    nanoseconds: i64,
) -> Result<(), sqlx::Error> {
    match work.direction {
        Direction::Up => {
            history::insert(conn, work.step, true, nanoseconds).await?;
            record::write(conn, work.step, None).await
        }
        Direction::Down => {
            history::delete(conn, work.step.version).await?;
            record::delete(conn, work.step.version).await
        }
    }
}

/// Refuses to go on without the lock: a lease is renewed, and another lock has to be this session's.
pub(super) async fn hold(
    lock: Option<&Lock>,
    conn: &mut AnyConnection,
) -> Result<(), MigrationError> {
    let Some(Lock::Advisory(advisory)) = lock else {
        return renew(lock, conn).await;
    };
    match advisory.is_here(conn).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(MigrationError::LockElsewhere),
        Err(source) => Err(MigrationError::History {
            doing: "locked",
            source,
        }),
    }
}

/// Renews a lease from inside of the transaction, which keeps others from it until the end.
async fn renew(lock: Option<&Lock>, conn: &mut AnyConnection) -> Result<(), MigrationError> {
    let Some(Lock::Lease(lease)) = lock else {
        return Ok(());
    };
    match lease.renew(conn).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(MigrationError::LeaseLost),
        Err(source) => Err(MigrationError::History {
            doing: "locked",
            source,
        }),
    }
}

/// Whether the migration only has to wait for a table: `lock_not_available`, `deadlock_detected`.
fn is_lock_wait(error: &MigrationError) -> bool {
    match error.database() {
        Some(sqlx::Error::Database(error)) => {
            matches!(error.code().as_deref(), Some("55P03" | "40P01"))
        }
        _ => false,
    }
}
