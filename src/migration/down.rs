//! Undoes versions, newest first.

use std::fmt;

use super::runner::Progress;
use super::standing::{Ledger, Standing, Status};
use super::{Down, MigrationError, Report, Runner, Step};

/// How far [`Runner::down`] goes.
#[derive(Default)]
pub struct DownOptions {
    /// The version that stays, with all that are older; 0 for none. It goes before `steps`.
    pub to: Option<i64>,
    /// How many versions to undo. Default: one.
    pub steps: Option<usize>,
    /// Told of each version.
    pub progress: Option<Progress>,
}

impl fmt::Debug for DownOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DownOptions")
            .field("to", &self.to)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

impl Runner {
    /// Undoes versions, newest first, each in one transaction with its row in the history. Where one
    /// of them can't be undone, none is.
    ///
    /// # Errors
    /// [`MigrationError::NoDown`]; [`MigrationError::NoSuchVersion`]; those of a history that the plan
    /// does not fit; the first version that fails, with those before it undone.
    pub async fn down(
        mut self,
        plan: &[Step],
        options: &DownOptions,
    ) -> Result<Report, MigrationError> {
        let result = self.run_down(plan, options).await;
        self.close().await;
        result
    }

    /// What [`Runner::down`] would undo, without changing anything.
    ///
    /// # Errors
    /// As [`Runner::down`], but for versions that fail.
    pub async fn to_undo<'p>(
        mut self,
        plan: &'p [Step],
        options: &DownOptions,
    ) -> Result<Vec<&'p Step>, MigrationError> {
        let ledger = self.read().await;
        self.close().await;
        let found = choose(plan, &ledger?, options)?;
        Ok(found.into_iter().map(|(step, _)| step).collect())
    }

    async fn run_down(
        &mut self,
        plan: &[Step],
        options: &DownOptions,
    ) -> Result<Report, MigrationError> {
        self.take_lock().await?;
        let ledger = self.read().await?;
        let chosen = choose(plan, &ledger, options)?;
        let mut report = Report::default();
        if !chosen.is_empty() {
            super::history::ensure(&mut self.conn, self.engine).await?;
            report.backup = self.back_up_if_wanted().await?;
        }
        for (step, down) in chosen {
            if let Some(took) = self.undo(step, down).await? {
                tracing::warn!(
                    version = step.version,
                    description = step.description,
                    "migration undone"
                );
                metrics::counter!("twinbase_migrations_undone_total").increment(1);
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
}

/// The versions to undo with what undoes them, newest first.
fn choose<'p>(
    plan: &'p [Step],
    ledger: &Ledger,
    options: &DownOptions,
) -> Result<Vec<(&'p Step, &'p Down)>, MigrationError> {
    let lines = ledger.compare(plan);
    ledger.refuse(plan, &lines, true, |_, _| false)?;
    if let Some(to) = options.to
        && to != 0
        && plan.iter().all(|step| step.version != to)
    {
        return Err(MigrationError::NoSuchVersion(to));
    }
    let wanted: Vec<&Status> = lines
        .iter()
        .rev()
        .filter(|line| matches!(line.standing, Standing::Applied | Standing::Compatible))
        .take(match options.to {
            Some(_) => usize::MAX,
            None => options.steps.unwrap_or(1),
        })
        .filter(|line| options.to.is_none_or(|to| line.version > to))
        .collect();
    wanted
        .into_iter()
        .map(|line| {
            let step = plan
                .iter()
                .find(|step| step.version == line.version)
                .ok_or_else(|| MigrationError::Unknown {
                    version: line.version,
                    description: line.description.clone(),
                })?;
            let down = step.down.as_ref().ok_or_else(|| MigrationError::NoDown {
                path: step.path.clone(),
            })?;
            Ok((step, down))
        })
        .collect()
}
