//! Brings one version of the history in order, on the word of a person who has looked.

use super::standing::Standing;
use super::{MigrationError, Runner, Step, history, record};

/// What a version shall count as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// It took effect: it is applied, with the text that the program has now.
    Applied,
    /// It did not take effect, or was undone: it is to be applied again.
    Pending,
}

impl Runner {
    /// Sets one version right: one that is half applied counts as `repair` says, one whose text was
    /// changed counts as applied with the present text. No other version is touched.
    ///
    /// # Errors
    /// [`MigrationError::Sound`] where nothing is wrong, [`MigrationError::Ambiguous`] where `repair`
    /// has to be given, [`MigrationError::NoSuchVersion`].
    pub async fn repair(
        mut self,
        plan: &[Step],
        version: i64,
        repair: Option<Repair>,
    ) -> Result<Repair, MigrationError> {
        let result = self.run_repair(plan, version, repair).await;
        self.close().await;
        result
    }

    async fn run_repair(
        &mut self,
        plan: &[Step],
        version: i64,
        repair: Option<Repair>,
    ) -> Result<Repair, MigrationError> {
        self.take_lock().await?;
        let lines = self.read().await?.compare(plan);
        let line = lines.iter().find(|line| line.version == version);
        let standing = line.ok_or(MigrationError::NoSuchVersion(version))?.standing;
        let repair = match (standing, repair) {
            (Standing::Dirty, Some(repair)) => repair,
            (Standing::Dirty, None) => return Err(MigrationError::Ambiguous(version)),
            (Standing::Changed, None | Some(Repair::Applied)) => Repair::Applied,
            (sound, _) => return Err(MigrationError::Sound(version, sound.as_str())),
        };
        history::ensure(&mut self.conn, self.engine).await?;
        let step = plan.iter().find(|step| step.version == version);
        self.write_repair(step, version, repair)
            .await
            .map_err(|source| MigrationError::History {
                doing: "written",
                source,
            })?;
        tracing::warn!(version, counts_as = ?repair, "the history was repaired by hand");
        Ok(repair)
    }

    async fn write_repair(
        &mut self,
        step: Option<&Step>,
        version: i64,
        repair: Repair,
    ) -> Result<(), sqlx::Error> {
        use sqlx::{Connection as _, Executor as _};
        let mut transaction = self.conn.begin_with(history::begin(self.engine)).await?;
        match (repair, step) {
            (Repair::Applied, Some(step)) => {
                history::succeed(&mut transaction, step, -1).await?;
                record::write(&mut transaction, step, None).await?;
            }
            // The program does not have its text: what the history says of it stays.
            (Repair::Applied, None) => {
                let sql =
                    format!("UPDATE _sqlx_migrations SET success = TRUE WHERE version = {version}");
                transaction.execute(sqlx::AssertSqlSafe(sql)).await?;
                record::settle(&mut transaction, version).await?;
            }
            (Repair::Pending, _) => {
                history::delete(&mut transaction, version).await?;
                record::delete(&mut transaction, version).await?;
            }
        }
        transaction.commit().await
    }
}
