//! Applies what is pending, on a connection of its own that is closed whatever happens.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use sqlx::{AnyConnection, Connection as _, Executor as _};

use super::lock::Lock;
use super::record::{self, Record};
use super::standing::{Ledger, Standing, Status};
use super::{MigrationError, Step, backup, history, index};
use crate::config::{Engine, MigrateConfig, MigrationLock};

/// What a run of [`Runner::up`] or [`Runner::down`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The versions that this run applied or undid, with the time that each took.
    pub applied: Vec<(i64, String, Duration)>,
    /// The newest version that the database has now, with its description.
    pub current: Option<(i64, String)>,
    /// The copy of the `SQLite` file that was made before the first change.
    pub backup: Option<PathBuf>,
}

/// Called with each version when it is done.
pub type Progress = Box<dyn Fn(i64, &str, Duration) + Send + Sync>;

/// How far [`Runner::up`] goes, and what it puts up with.
#[derive(Default)]
pub struct UpOptions {
    /// The last version to apply; `None` for all.
    pub to: Option<i64>,
    /// Whether versions older than the newest applied one are applied, with a warning.
    pub allow_out_of_order: bool,
    /// Told of each version.
    pub progress: Option<Progress>,
}

impl fmt::Debug for UpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpOptions")
            .field("to", &self.to)
            .field("allow_out_of_order", &self.allow_out_of_order)
            .finish_non_exhaustive()
    }
}

/// A migrator: a connection outside every pool, and the engine that it speaks to.
///
/// Dropping it closes the connection, and with it ends the lock.
#[derive(Debug)]
pub struct Runner {
    pub(super) conn: AnyConnection,
    pub(super) engine: Engine,
    pub(super) settings: MigrateConfig,
    pub(super) application: String,
    /// Renews the lease while the first connection is busy outside of a transaction.
    pub(super) spare: Option<AnyConnection>,
    pub(super) lock: Option<Lock>,
}

impl Runner {
    /// Takes a connection that no one else uses.
    #[must_use]
    pub fn new(conn: AnyConnection, engine: Engine) -> Self {
        Self {
            conn,
            engine,
            settings: MigrateConfig::default(),
            application: "twinbase".to_owned(),
            spare: None,
            lock: None,
        }
    }

    /// Replaces the settings, which are the defaults otherwise, and the name that others see while
    /// they wait.
    #[must_use]
    pub fn with_settings(self, settings: MigrateConfig, application: &str) -> Self {
        Self {
            settings,
            application: application.to_owned(),
            ..self
        }
    }

    /// Gives it a second connection, which it needs where the lock is a lease.
    #[must_use]
    pub fn with_spare(self, spare: AnyConnection) -> Self {
        Self {
            spare: Some(spare),
            ..self
        }
    }

    /// Applies the pending versions, oldest first, each in one transaction with its row in the
    /// history.
    ///
    /// Many processes may call it at once: one works, the others wait and then find nothing to do.
    /// Where nothing is pending it takes no lock and writes nothing.
    ///
    /// # Errors
    /// The first version that is dirty, changed, unknown, late or newer than the plan, or that fails;
    /// those before it stay applied. [`MigrationError::Unmanaged`] for tables without a history.
    pub async fn up(
        mut self,
        plan: &[Step],
        options: &UpOptions,
    ) -> Result<Report, MigrationError> {
        let result = self.run_up(plan, options).await;
        self.close().await;
        result
    }

    /// What the database keeps about its migrations, read without changing anything.
    ///
    /// # Errors
    /// [`MigrationError::History`] when it can't be read.
    pub async fn ledger(mut self) -> Result<Ledger, MigrationError> {
        let ledger = self.read().await;
        self.close().await;
        ledger
    }

    /// What [`Runner::up`] would apply, and whether it could, without changing anything.
    ///
    /// # Errors
    /// As [`Runner::up`], but for versions that fail.
    pub async fn pending<'p>(
        mut self,
        plan: &'p [Step],
        options: &UpOptions,
    ) -> Result<Vec<&'p Step>, MigrationError> {
        let pending = async {
            let ledger = self.read().await?;
            let lines = self.judge(&ledger, plan, options.allow_out_of_order)?;
            to_apply(plan, &lines, options)
        };
        let pending = pending.await;
        self.close().await;
        pending
    }

    /// Closes the connections, and with them ends the lock.
    pub(super) async fn close(mut self) {
        if let Some(lock) = self.lock.take() {
            lock.release(&mut self.conn).await;
        }
        for conn in self.spare.into_iter().chain([self.conn]) {
            if let Err(error) = conn.close().await {
                tracing::debug!(error = %error, "a migration connection did not close in good order");
            }
        }
    }

    pub(super) async fn read(&mut self) -> Result<Ledger, MigrationError> {
        // One look: between two of them another process may have migrated.
        let begin = match self.engine {
            Engine::Sqlite => "BEGIN",
            Engine::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        let engine = self.engine;
        let read = async {
            let mut look = self.conn.begin_with(begin).await?;
            let applied = history::read(&mut look, engine).await?;
            let ledger = Ledger {
                unmanaged: if applied.is_empty() {
                    history::tables(&mut look, engine).await?
                } else {
                    Vec::new()
                },
                applied,
                records: record::read(&mut look, engine).await?,
            };
            look.rollback().await?;
            Ok(ledger)
        };
        read.await.map_err(|source| MigrationError::History {
            doing: "read",
            source,
        })
    }

    /// Refuses what the plan can't go on from.
    fn judge(
        &self,
        ledger: &Ledger,
        plan: &[Step],
        allow_late: bool,
    ) -> Result<Vec<Status>, MigrationError> {
        if !ledger.unmanaged.is_empty() {
            let mut tables = ledger.unmanaged.clone();
            tables.truncate(5);
            return Err(MigrationError::Unmanaged { tables });
        }
        let lines = ledger.compare(plan);
        let engine = self.engine;
        ledger.refuse(plan, &lines, allow_late, |step, record| {
            is_resumable(step, record, engine)
        })?;
        Ok(lines)
    }

    /// Takes the lock, and has the server notice when this process is gone.
    pub(super) async fn take_lock(&mut self) -> Result<(), MigrationError> {
        if self.engine == Engine::Postgres && self.settings.lock == MigrationLock::Advisory {
            // Else a statement of a killed migrator would run on, and hold the lock, until it is done.
            let check = "SET client_connection_check_interval = '1s'";
            if let Err(error) = self.conn.execute(check).await {
                tracing::debug!(error = %error, "this server does not look whether its client is still there");
            }
        }
        let Self {
            conn,
            engine,
            settings,
            application,
            ..
        } = self;
        self.lock = Some(Lock::acquire(conn, *engine, settings, application).await?);
        Ok(())
    }

    async fn run_up(
        &mut self,
        plan: &[Step],
        options: &UpOptions,
    ) -> Result<Report, MigrationError> {
        let ledger = self.read().await?;
        let mut report = Report {
            current: ledger.newest(),
            ..Report::default()
        };
        // What is wrong now may be what another process has under way: it is judged under the lock.
        if let Ok(lines) = self.judge(&ledger, plan, options.allow_out_of_order)
            && to_apply(plan, &lines, options)?.is_empty()
            && ledger.is_recorded(plan)
        {
            warn_of_newer(&lines);
            return Ok(report);
        }
        self.take_lock().await?;
        // Read again: another process may just have applied what was pending.
        let ledger = self.read().await?;
        let lines = self.judge(&ledger, plan, options.allow_out_of_order)?;
        history::ensure(&mut self.conn, self.engine).await?;
        warn_of_newer(&lines);
        self.record_known(plan).await?;
        let steps = to_apply(plan, &lines, options)?;
        if !steps.is_empty() {
            report.backup = self.back_up_if_wanted().await?;
        }
        for step in steps {
            if lines
                .iter()
                .any(|line| line.version == step.version && line.standing == Standing::Late)
            {
                tracing::warn!(
                    version = step.version,
                    "this migration is older than the newest one that the database has; applying it out of order"
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
                if let Some(progress) = &options.progress {
                    progress(step.version, &step.description, took);
                }
                report
                    .applied
                    .push((step.version, step.description.clone(), took));
            }
        }
        report.current = self.read().await?.newest();
        Ok(report)
    }

    /// Copies a `SQLite` file that has rows, where the settings want it.
    pub(super) async fn back_up_if_wanted(&mut self) -> Result<Option<PathBuf>, MigrationError> {
        if self.engine != Engine::Sqlite || !self.settings.backup {
            return Ok(None);
        }
        backup::before_change(&mut self.conn).await
    }

    /// Writes the records that are missing: the versions were applied by sqlx's tools.
    async fn record_known(&mut self, plan: &[Step]) -> Result<(), MigrationError> {
        let ledger = self.read().await?;
        for row in &ledger.applied {
            let step = plan.iter().find(|step| step.version == row.version);
            if let Some(step) = step
                && row.success
                && ledger.record(row).is_none()
            {
                tracing::debug!(version = row.version, "noting what another tool applied");
                let written = record::write(&mut self.conn, step, None).await;
                written.map_err(|source| MigrationError::History {
                    doing: "written",
                    source,
                })?;
            }
        }
        Ok(())
    }
}

/// The steps that are to be applied, oldest first.
fn to_apply<'p>(
    plan: &'p [Step],
    lines: &[Status],
    options: &UpOptions,
) -> Result<Vec<&'p Step>, MigrationError> {
    if let Some(to) = options.to
        && plan.iter().all(|step| step.version != to)
    {
        return Err(MigrationError::NoSuchVersion(to));
    }
    let wanted = |step: &&Step| {
        let standing = lines.iter().find(|line| line.version == step.version);
        options.to.is_none_or(|to| step.version <= to)
            && standing.is_some_and(|line| line.standing != Standing::Applied)
    };
    Ok(plan.iter().filter(wanted).collect())
}

/// Whether a version that was left half applied can simply be taken up again.
fn is_resumable(step: &Step, record: &Record, engine: Engine) -> bool {
    !step.transactional
        && record.statement.is_some()
        && record.source_checksum == step.source_checksum
        && engine == Engine::Postgres
        && step
            .statements(engine)
            .first()
            .is_some_and(|statement| index::Concurrent::of(statement).is_some())
}

/// The newer versions say that this program may go on; its operator may want to know.
fn warn_of_newer(lines: &[Status]) {
    let newer = |line: &&Status| line.standing == Standing::Compatible;
    if let Some(line) = lines.iter().rev().find(newer) {
        tracing::warn!(
            version = line.version,
            description = line.description,
            "the database has migrations that are newer than this program and say that it may go on"
        );
    }
}

impl Ledger {
    /// The newest version that is applied, with its description.
    pub(super) fn newest(&self) -> Option<(i64, String)> {
        let newest = self.applied.iter().rev().find(|row| row.success)?;
        Some((newest.version, newest.description.clone()))
    }

    /// Whether every applied version of the plan has its record.
    fn is_recorded(&self, plan: &[Step]) -> bool {
        self.applied.iter().all(|row| {
            self.record(row).is_some() || plan.iter().all(|step| step.version != row.version)
        })
    }
}
