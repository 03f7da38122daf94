//! What there is to do with migrations and a database: the library behind `twinbase migrate`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::connect::{Connector, Purpose};
use super::{Database, DatabaseError};
use crate::config::{DatabaseConfig, DatabaseUrl, Engine, MigrateConfig, MigrationLock};
use crate::migration::baseline::{Baseline, Target};
use crate::migration::parity::{self, Parity};
use crate::migration::rehearsal::Trial;
use crate::migration::{
    DownOptions, Ledger, MigrationError, Migrations, Repair, Report, Runner, Status, Step,
    UpOptions,
};

/// Migrations, the database that they are for, and how they are applied there.
///
/// Each call opens a connection of its own, outside the pool, and closes it whatever happens.
#[derive(Debug, Clone)]
pub struct Migrator {
    connector: Arc<Connector>,
    migrations: Migrations,
    settings: MigrateConfig,
}

impl Database {
    /// A migrator for this database: at `database.migration_url` where that is set.
    ///
    /// # Errors
    /// [`DatabaseError::Url`] where the driver does not take that URL.
    pub fn migrator(
        &self,
        migrations: &Migrations,
        settings: &MigrateConfig,
    ) -> Result<Migrator, DatabaseError> {
        Ok(Migrator {
            connector: Connector::for_migrations(&self.connector)?,
            migrations: migrations.clone(),
            settings: settings.clone(),
        })
    }
}

impl Migrator {
    /// A migrator for another database with the same settings: one that is thrown away afterwards.
    ///
    /// # Errors
    /// As [`Database::new`].
    pub fn at(&self, url: DatabaseUrl) -> Result<Self, DatabaseError> {
        let config = DatabaseConfig {
            url: Some(url),
            ..DatabaseConfig::default()
        };
        Ok(Self {
            connector: Arc::new(Connector::new(&config)?),
            ..self.clone()
        })
    }

    /// The engine of the database.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.connector.target().engine()
    }

    /// What of the migrations runs on the engine.
    ///
    /// # Errors
    /// [`MigrationError::Translate`](crate::migration::MigrationError::Translate) and
    /// [`MigrationError::Rule`](crate::migration::MigrationError::Rule).
    pub fn plan(&self) -> Result<Vec<Step>, DatabaseError> {
        Ok(self.migrations.plan(self.engine())?)
    }

    /// Applies what is pending: [`Runner::up`].
    ///
    /// # Errors
    /// [`DatabaseError::Connect`] or [`DatabaseError::Migration`].
    pub async fn up(&self, options: &UpOptions) -> Result<Report, DatabaseError> {
        let plan = self.plan()?;
        Ok(self.runner().await?.up(&plan, options).await?)
    }

    /// What [`Migrator::up`] would apply, without changing anything.
    ///
    /// # Errors
    /// As [`Migrator::up`].
    pub async fn pending(&self, options: &UpOptions) -> Result<Vec<Step>, DatabaseError> {
        let plan = self.plan()?;
        self.looking(async |runner| {
            let steps = runner.pending(&plan, options).await?;
            Ok(steps.into_iter().cloned().collect())
        })
        .await
    }

    /// Undoes versions: [`Runner::down`].
    ///
    /// # Errors
    /// [`DatabaseError::Connect`] or [`DatabaseError::Migration`].
    pub async fn down(&self, options: &DownOptions) -> Result<Report, DatabaseError> {
        let plan = self.plan()?;
        Ok(self.runner().await?.down(&plan, options).await?)
    }

    /// What [`Migrator::down`] would undo, without changing anything.
    ///
    /// # Errors
    /// As [`Migrator::down`].
    pub async fn to_undo(&self, options: &DownOptions) -> Result<Vec<Step>, DatabaseError> {
        let plan = self.plan()?;
        self.looking(async |runner| {
            let steps = runner.to_undo(&plan, options).await?;
            Ok(steps.into_iter().cloned().collect())
        })
        .await
    }

    /// What the database keeps about its migrations, read without changing anything: no file is made.
    ///
    /// # Errors
    /// [`DatabaseError::Connect`] or [`DatabaseError::Migration`].
    pub async fn ledger(&self) -> Result<Ledger, DatabaseError> {
        self.looking(Runner::ledger).await
    }

    /// How each version stands, oldest first, read as [`Migrator::ledger`].
    ///
    /// # Errors
    /// As [`Migrator::ledger`].
    pub async fn status(&self) -> Result<Vec<Status>, DatabaseError> {
        let plan = self.plan()?;
        Ok(self.ledger().await?.compare(&plan))
    }

    /// Sets one version right: [`Runner::repair`].
    ///
    /// # Errors
    /// [`DatabaseError::Connect`] or [`DatabaseError::Migration`].
    pub async fn repair(
        &self,
        version: i64,
        repair: Option<Repair>,
    ) -> Result<Repair, DatabaseError> {
        let plan = self.plan()?;
        Ok(self.runner().await?.repair(&plan, version, repair).await?)
    }

    /// Adopts a database that has the schema and no history: [`Runner::baseline`]. `scratch` is an
    /// empty database of the same engine.
    ///
    /// # Errors
    /// [`DatabaseError::Connect`] or [`DatabaseError::Migration`].
    pub async fn baseline(
        &self,
        target: Target,
        scratch: Option<DatabaseUrl>,
    ) -> Result<Baseline, DatabaseError> {
        let plan = self.plan()?;
        let scratch = match scratch {
            Some(url) => Some(self.at(url)?.connector.connect(Purpose::Migration).await?),
            None => None,
        };
        let runner = self.runner().await?;
        Ok(runner.baseline(&plan, target, scratch).await?)
    }

    /// Copies a `SQLite` database and checks the copy: [`Runner::back_up`].
    ///
    /// # Errors
    /// [`DatabaseError::Connect`] or [`DatabaseError::Migration`].
    pub async fn back_up(&self, file: Option<&Path>) -> Result<PathBuf, DatabaseError> {
        let conn = self.connector.connect(Purpose::Existing).await?;
        let runner = Runner::new(conn, self.engine());
        Ok(runner.back_up(file).await?)
    }

    /// Tries the migrations out on this database, which has to be empty and is thrown away
    /// afterwards: [`Runner::rehearse`].
    ///
    /// # Errors
    /// [`DatabaseError::Connect`] or [`DatabaseError::Migration`].
    pub async fn rehearse(&self) -> Result<Vec<Trial>, DatabaseError> {
        let plan = self.plan()?;
        Ok(self.runner().await?.rehearse(&plan).await?)
    }

    /// Compares what the migrations make of both engines after every version: [`parity::compare`]. This
    /// database is `PostgreSQL`'s side; it has to be empty and is thrown away afterwards. `SQLite`'s is a temporary file.
    ///
    /// # Errors
    /// [`DatabaseError::Connect`] or [`DatabaseError::Migration`], which is
    /// [`MigrationError::OneEngine`] where this database is one of `SQLite`.
    ///
    /// # Panics
    /// Never: the URL of a database in memory is well-formed.
    pub async fn parity(&self) -> Result<Parity, DatabaseError> {
        if self.engine() != Engine::Postgres {
            return Err(MigrationError::OneEngine.into());
        }
        let memory = "sqlite::memory:".parse();
        let sqlite = self.at(memory.expect("it is a well-formed URL"))?;
        let (postgres, ours) = (self.runner().await?, sqlite.runner().await?);
        Ok(parity::compare(postgres, ours, &self.migrations).await?)
    }

    async fn runner(&self) -> Result<Runner, DatabaseError> {
        let conn = self.connector.connect(Purpose::Migration).await?;
        let mut settings = self.settings.clone();
        // What is in memory is not to be kept, and neither is a copy of it.
        settings.backup &= self.connector.target().sqlite_file().is_some();
        let runner = Runner::new(conn, self.engine())
            .with_settings(settings, self.connector.application_name());
        if self.engine() == Engine::Postgres && self.settings.lock == MigrationLock::Lease {
            let spare = self.connector.connect(Purpose::Migration).await?;
            return Ok(runner.with_spare(spare));
        }
        Ok(runner)
    }

    /// Looks without changing anything, not even a file beside the database.
    async fn looking<T>(
        &self,
        look: impl AsyncFn(Runner) -> Result<T, MigrationError>,
    ) -> Result<T, DatabaseError> {
        if let Some(before) = self.connector.at_rest() {
            let conn = self.connector.connect(Purpose::LookAtRest).await?;
            let seen = look(Runner::new(conn, self.engine())).await;
            if self.connector.at_rest() == Some(before) {
                return Ok(seen?);
            }
            tracing::debug!("somebody began to write meanwhile; looking again");
        }
        let conn = self.connector.connect(Purpose::Look).await?;
        Ok(look(Runner::new(conn, self.engine())).await?)
    }
}
