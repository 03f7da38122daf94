//! The schema behind a database that answers: brought up to date, or looked at.

use std::time::Duration;

use tokio::time::timeout;

use super::state::Migrated;
use crate::config::DatabaseConfig;
use crate::database::{Database, DatabaseError};
use crate::migration::{Migrations, Standing, Status};
use crate::telemetry::chain;

/// Why the schema is not what the program needs.
#[derive(Debug)]
pub(super) enum Unfit {
    /// The database answers, and says no.
    Behind(String),
    /// The database stopped to answer meanwhile.
    Away(DatabaseError),
}

/// Brings the schema up to date, or only looks, as `database.migrate_on_start` says.
#[derive(Debug, Clone)]
pub(super) struct Schema {
    database: Database,
    migrations: Migrations,
    migrate: bool,
    deadline: Duration,
}

impl Schema {
    /// `deadline` is for looking; a migration takes as long as it takes.
    pub(super) fn new(
        database: Database,
        migrations: Migrations,
        config: &DatabaseConfig,
        deadline: Duration,
    ) -> Self {
        Self {
            database,
            migrations,
            migrate: config.migrate_on_start,
            deadline,
        }
    }

    /// Does it once.
    pub(super) async fn settle(&self) -> Result<Migrated, Unfit> {
        let settled = if self.migrate {
            self.database
                .migrate(&self.migrations)
                .await
                .map(|report| Migrated {
                    current: report.current,
                    applied: report.applied.len(),
                })
        } else {
            let looking = self.database.migration_status(&self.migrations);
            match timeout(self.deadline, looking).await {
                Ok(Ok(lines)) => return current(&lines),
                Ok(Err(error)) => Err(error),
                Err(_) => Err(self.database.unanswered()),
            }
        };
        settled.map_err(|error| match &error {
            DatabaseError::Migration(inner) if !inner.database().is_some_and(lost) => {
                Unfit::Behind(chain(&error))
            }
            _ => Unfit::Away(error),
        })
    }
}

/// The newest version, where none is missing; a newer program may have applied more.
fn current(lines: &[Status]) -> Result<Migrated, Unfit> {
    let fits = |line: &&Status| matches!(line.standing, Standing::Applied | Standing::Unknown);
    match lines.iter().find(|line| !fits(line)) {
        None => Ok(Migrated {
            current: lines
                .last()
                .map(|line| (line.version, line.description.clone())),
            applied: 0,
        }),
        Some(line) => Err(Unfit::Behind(format!(
            "migration {} ({}) is {}; run `twinbase migrate up`",
            line.version,
            line.description,
            line.standing.as_str()
        ))),
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
