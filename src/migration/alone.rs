//! Runs the one statement of a version without a transaction. A mark in the history tells of it from
//! before it begins until it is done.

use std::time::{Duration, Instant};

use sqlx::Connection as _;

use super::apply::{Direction, Work, hold, run, write};
use super::index::Concurrent;
use super::lock::Lock;
use super::statement::Statement;
use super::{MigrationError, Runner, Undone, history, record};
use crate::config::Engine;

impl Runner {
    /// Runs the work, marked while it runs.
    pub(super) async fn alone(
        &mut self,
        work: &Work<'_>,
    ) -> Result<Option<Duration>, MigrationError> {
        let started = Instant::now();
        let version = work.step.version;
        let around = |doing| move |source| work.around(doing, Undone::RolledBack, source);
        let Some(statement) = work.statements.first() else {
            return Ok(None);
        };
        hold(self.lock.as_ref(), &mut self.conn).await?;
        let marked = self.mark(work, statement).await;
        let Some(resumed) = marked.map_err(around("marking it as under way"))? else {
            return Ok(None);
        };
        let index = Concurrent::of(statement).filter(|_| self.engine == Engine::Postgres);
        tracing::debug!(version, statement = %statement.short(), "running without a transaction");
        let result = self.keeping_lease(statement, index.as_ref(), resumed).await;
        if let Err(source) = result {
            let Some(index) = &index else {
                return Err(work.failed(statement, Undone::Nothing, source));
            };
            let cleared = async {
                index.drop_invalid(&mut self.conn).await?;
                self.unmark(work).await
            };
            let undone = match cleared.await {
                Ok(()) => Undone::IndexDropped,
                Err(error) => {
                    tracing::warn!(error = %error, version, "the invalid index could not be dropped");
                    Undone::Nothing
                }
            };
            return Err(work.failed(statement, undone, source));
        }
        let around = |doing| move |source| work.around(doing, Undone::Nothing, source);
        if let Some(index) = &index
            && !index
                .is_valid(&mut self.conn)
                .await
                .map_err(around("looking at its index"))?
        {
            return Err(MigrationError::InvalidIndex {
                path: work.path.to_owned(),
                index: index.name.clone(),
            });
        }
        let nanoseconds = i64::try_from(started.elapsed().as_nanos()).unwrap_or(i64::MAX);
        self.settle(work, nanoseconds)
            .await
            .map_err(around("noting that it is done"))?;
        Ok(Some(started.elapsed()))
    }

    /// Runs the statement, and renews the lease from the other connection meanwhile.
    async fn keeping_lease(
        &mut self,
        statement: &Statement,
        index: Option<&Concurrent>,
        resumed: bool,
    ) -> Result<(), sqlx::Error> {
        let Self {
            conn, spare, lock, ..
        } = self;
        let work = async {
            if let Some(index) = index {
                if resumed && index.is_valid(conn).await? {
                    // Made by a run that ended before it could say so.
                    return Ok(());
                }
                index.drop_invalid(conn).await?;
            }
            run(conn, statement).await
        };
        match (lock, spare) {
            (Some(Lock::Lease(lease)), Some(spare)) => tokio::select! {
                result = work => result,
                () = lease.keep(spare) => {
                    let lost = "the migration lease was lost to another process";
                    Err(sqlx::Error::Protocol(lost.to_owned()))
                }
            },
            _ => work.await,
        }
    }

    /// Writes the mark; true where one was there already, of a run that did not end, and `None` where
    /// another tool has applied the version meanwhile.
    async fn mark(
        &mut self,
        work: &Work<'_>,
        statement: &Statement,
    ) -> Result<Option<bool>, sqlx::Error> {
        let mut transaction = self.conn.begin_with(history::begin(self.engine)).await?;
        let resumed = history::has(&mut transaction, work.step.version).await?;
        if work.direction == Direction::Up
            && history::has_succeeded(&mut transaction, work.step.version).await?
        {
            return Ok(None);
        }
        match work.direction {
            Direction::Up => {
                history::delete(&mut transaction, work.step.version).await?;
                history::insert(&mut transaction, work.step, false, -1).await?;
            }
            Direction::Down => history::soil(&mut transaction, work.step.version).await?,
        }
        record::write(&mut transaction, work.step, Some(&statement.sql)).await?;
        transaction.commit().await?;
        Ok(Some(resumed))
    }

    /// Takes the mark back: nothing has happened.
    async fn unmark(&mut self, work: &Work<'_>) -> Result<(), sqlx::Error> {
        let mut transaction = self.conn.begin_with(history::begin(self.engine)).await?;
        match work.direction {
            Direction::Up => {
                history::delete(&mut transaction, work.step.version).await?;
                record::delete(&mut transaction, work.step.version).await?;
            }
            Direction::Down => {
                history::succeed(&mut transaction, work.step, -1).await?;
                record::settle(&mut transaction, work.step.version).await?;
            }
        }
        transaction.commit().await
    }

    async fn settle(&mut self, work: &Work<'_>, nanoseconds: i64) -> Result<(), sqlx::Error> {
        let mut transaction = self.conn.begin_with(history::begin(self.engine)).await?;
        match work.direction {
            Direction::Up => {
                history::succeed(&mut transaction, work.step, nanoseconds).await?;
                record::settle(&mut transaction, work.step.version).await?;
            }
            Direction::Down => write(&mut transaction, work, nanoseconds).await?,
        }
        transaction.commit().await
    }
}
