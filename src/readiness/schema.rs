//! The schema behind a database that answers: brought up to date, or looked at.

use std::time::Duration;

use tokio::time::timeout;

use super::state::Migrated;
use crate::config::{MigrateConfig, OnStart};
use crate::database::{Database, DatabaseError};
use crate::migration::{MigrationError, Migrations, Standing, Status, UpOptions};
use crate::telemetry::chain;

/// Why the schema is not what the program needs.
#[derive(Debug)]
pub(super) enum Unfit {
    /// The database answers, and says no.
    Behind(String),
    /// The database answers, and another process is expected to migrate it.
    Waiting(String),
    /// The database stopped to answer meanwhile.
    Away(DatabaseError),
}

/// Brings the schema up to date, or only looks, as `migrate.on_start` says.
#[derive(Debug, Clone)]
pub(super) struct Schema {
    database: Database,
    migrations: Migrations,
    settings: MigrateConfig,
    deadline: Duration,
}

impl Schema {
    /// `deadline` is for looking; a migration takes as long as it takes.
    pub(super) fn new(
        database: Database,
        migrations: Migrations,
        settings: &MigrateConfig,
        deadline: Duration,
    ) -> Self {
        Self {
            database,
            migrations,
            settings: settings.clone(),
            deadline,
        }
    }

    /// Does it once. A program that `was_ready` goes on where a newer one has migrated meanwhile: a
    /// deployment is under way, and is not to lose the old processes before it has new ones.
    pub(super) async fn settle(&self, was_ready: bool) -> Result<Migrated, Unfit> {
        match self.settings.on_start {
            OnStart::Off => Ok(Migrated {
                current: None,
                applied: 0,
            }),
            OnStart::Apply => match self.apply().await {
                Err(DatabaseError::Migration(error @ MigrationError::Newer { .. }))
                    if was_ready =>
                {
                    tracing::warn!(error = %error, "going on with a schema that is newer than this program");
                    self.look(was_ready).await
                }
                other => other.map_err(unfit),
            },
            OnStart::Check | OnStart::Wait => self.look(was_ready).await,
        }
    }

    async fn apply(&self) -> Result<Migrated, DatabaseError> {
        let migrator = self.database.migrator(&self.migrations, &self.settings)?;
        let report = migrator.up(&UpOptions::default()).await?;
        Ok(Migrated {
            current: report.current,
            applied: report.applied.len(),
        })
    }

    async fn look(&self, was_ready: bool) -> Result<Migrated, Unfit> {
        let looking = async {
            let migrator = self.database.migrator(&self.migrations, &self.settings)?;
            migrator.status().await
        };
        match timeout(self.deadline, looking).await {
            Ok(Ok(lines)) => self.current(&lines, was_ready),
            Ok(Err(error)) => Err(unfit(error)),
            Err(_) => Err(Unfit::Away(self.database.unanswered())),
        }
    }

    /// The newest version, where none is missing; a newer program may have applied more, if that says
    /// that this one may go on.
    fn current(&self, lines: &[Status], was_ready: bool) -> Result<Migrated, Unfit> {
        let fits = |line: &&Status| match line.standing {
            Standing::Applied | Standing::Compatible => true,
            Standing::Newer => was_ready,
            _ => false,
        };
        let Some(line) = lines.iter().find(|line| !fits(line)) else {
            return Ok(Migrated {
                current: lines
                    .last()
                    .map(|line| (line.version, line.description.clone())),
                applied: 0,
            });
        };
        let (version, description) = (line.version, &line.description);
        if self.settings.on_start == OnStart::Wait && line.standing == Standing::Pending {
            let pending = format!("{WAITING} migration {version} ({description})");
            return Err(Unfit::Waiting(pending));
        }
        let what = match line.standing {
            Standing::Newer => "is newer than this program; deploy the program that made it",
            Standing::Pending => "is pending; run `twinbase migrate up`",
            _ => "does not fit; `twinbase migrate check` says why",
        };
        Err(Unfit::Behind(format!(
            "migration {version} ({description}) {what}"
        )))
    }
}

/// How the problem begins while another process is to migrate.
pub(super) const WAITING: &str = "waiting for another process to apply";

fn unfit(error: DatabaseError) -> Unfit {
    match &error {
        DatabaseError::Migration(inner) if !inner.database().is_some_and(lost) => {
            Unfit::Behind(chain(&error))
        }
        _ => Unfit::Away(error),
    }
}

/// Whether an error means that the connection is gone, rather than that a statement was refused.
fn lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::PoolClosed
        | sqlx::Error::PoolTimedOut => true,
        // Class 57P0x: the server is shutting down or starting up.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57P0")),
        _ => false,
    }
}
