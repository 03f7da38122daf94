//! Applies what is pending, on a connection of its own that is closed whatever happens.

use std::time::{Duration, Instant};

use sqlx::{AnyConnection, Connection as _, Executor as _, Row as _};

use super::history::{self, Standing, Status};
use super::{MigrationError, Step, lock};
use crate::config::Engine;

/// What a run of [`Runner::up`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The versions that this run applied, with the time that each took.
    pub applied: Vec<(i64, String, Duration)>,
    /// The newest version that the database has now, with its description.
    pub current: Option<(i64, String)>,
}

/// A migrator: a connection outside every pool, and the engine that it speaks to.
///
/// Dropping it closes the connection, and with it ends the lock.
#[derive(Debug)]
pub struct Runner {
    conn: AnyConnection,
    engine: Engine,
}

impl Runner {
    /// Takes a connection that no one else uses.
    #[must_use]
    pub fn new(conn: AnyConnection, engine: Engine) -> Self {
        Self { conn, engine }
    }

    /// Applies every pending version, oldest first, each in one transaction with its row in the
    /// history.
    ///
    /// Many processes may call it at once: one works, the others wait and then find nothing to do.
    ///
    /// # Errors
    /// The first version that is dirty, changed, that fails, or that is unknown and older than the
    /// newest of the plan; those before it stay applied. Newer ones that the plan does not know are
    /// warned of.
    pub async fn up(mut self, plan: &[Step]) -> Result<Report, MigrationError> {
        let result = self.run(plan).await;
        self.close().await;
        result
    }

    /// Sets the plan beside the history, and changes nothing.
    ///
    /// # Errors
    /// [`MigrationError::History`] when the history can't be read.
    pub async fn status(mut self, plan: &[Step]) -> Result<Vec<Status>, MigrationError> {
        let history = history::read(&mut self.conn, self.engine).await;
        self.close().await;
        Ok(history::compare(plan, &history?))
    }

    async fn close(self) {
        if let Err(error) = self.conn.close().await {
            tracing::debug!(error = %error, "the migration connection did not close in good order");
        }
    }

    async fn run(&mut self, plan: &[Step]) -> Result<Report, MigrationError> {
        if self.engine == Engine::Postgres {
            lock::acquire(&mut self.conn).await?;
        }
        history::ensure(&mut self.conn, self.engine).await?;
        // Read after the lock is had: another process may just have applied what was pending.
        let lines = history::compare(plan, &history::read(&mut self.conn, self.engine).await?);
        refuse(plan, &lines)?;
        warn_of_newer(plan, &lines);
        let newest_applied = lines
            .iter()
            .rev()
            .find(|line| line.standing == Standing::Applied)
            .map(|line| line.version);
        let mut report = Report::default();
        for step in plan {
            if lines
                .iter()
                .any(|l| l.version == step.version && l.standing == Standing::Applied)
            {
                continue;
            }
            if newest_applied.is_some_and(|newest| newest > step.version) {
                tracing::warn!(
                    version = step.version,
                    newest_applied,
                    "this migration is older than the newest one that the database has; applying it late"
                );
            }
            if let Some(took) = self.apply(step).await? {
                tracing::info!(
                    version = step.version,
                    description = step.description,
                    took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                    "migration applied"
                );
                metrics::counter!("twinbase_migrations_applied_total").increment(1);
                report
                    .applied
                    .push((step.version, step.description.clone(), took));
            }
        }
        report.current = plan
            .last()
            .map(|step| (step.version, step.description.clone()));
        Ok(report)
    }

    /// Applies one version; `None` where another process did so meanwhile.
    async fn apply(&mut self, step: &Step) -> Result<Option<Duration>, MigrationError> {
        let failed = |source| MigrationError::Failed {
            version: step.version,
            path: step.path.clone(),
            source,
        };
        let begin = match self.engine {
            Engine::Sqlite => "BEGIN IMMEDIATE",
            Engine::Postgres => "BEGIN",
        };
        let started = Instant::now();
        let mut transaction = self.conn.begin_with(begin).await.map_err(failed)?;
        let applied = async {
            let there = sqlx::query("SELECT count(*) FROM _sqlx_migrations WHERE version = $1")
                .bind(step.version)
                .fetch_one(&mut *transaction)
                .await?;
            if there.try_get::<i64, _>(0)? > 0 {
                return Ok(false);
            }
            transaction.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(step.up.clone()))).await?;
            sqlx::query(
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES ($1, $2, TRUE, $3, $4)",
            )
            .bind(step.version)
            .bind(step.description.as_str())
            .bind(step.checksum.as_slice())
            .bind(i64::try_from(started.elapsed().as_nanos()).unwrap_or(i64::MAX))
            .execute(&mut *transaction)
            .await?;
            Ok(true)
        }
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(applied.then(|| started.elapsed()))
    }
}

/// A newer program may have migrated already, as in a rolling deployment: its versions are no reason for
/// this one to stop.
fn is_newer(plan: &[Step], line: &Status) -> bool {
    plan.last()
        .is_none_or(|newest| line.version > newest.version)
}

fn warn_of_newer(plan: &[Step], lines: &[Status]) {
    let newer = |line: &&Status| line.standing == Standing::Unknown && is_newer(plan, line);
    if let Some(line) = lines.iter().rev().find(newer) {
        tracing::warn!(
            version = line.version,
            description = line.description,
            "the database has migrations that are newer than this program"
        );
    }
}

/// Refuses a history that the plan can't go on from.
fn refuse(plan: &[Step], lines: &[Status]) -> Result<(), MigrationError> {
    for line in lines {
        let (version, description) = (line.version, line.description.clone());
        match line.standing {
            Standing::Pending | Standing::Applied => {}
            Standing::Dirty => {
                return Err(MigrationError::Dirty {
                    version,
                    description,
                });
            }
            Standing::Unknown if is_newer(plan, line) => {}
            Standing::Unknown => {
                return Err(MigrationError::Unknown {
                    version,
                    description,
                });
            }
            Standing::Changed => {
                let path = plan
                    .iter()
                    .find(|step| step.version == version)
                    .map(|step| step.path.clone());
                return Err(MigrationError::Changed {
                    version,
                    path: path.unwrap_or(description),
                });
            }
        }
    }
    Ok(())
}
