//! One look at the database: is it there, does it answer, is its schema current?

use std::time::Duration;

use sqlx::{AnyConnection, Connection as _, Executor as _};
use tokio::time::timeout;

use super::state::Migrated;
use crate::config::{DatabaseConfig, ReadinessConfig};
use crate::database::{Database, DatabaseError};
use crate::migration::{Migrations, Standing};

/// What a look found.
#[derive(Debug)]
pub(super) enum Finding {
    /// It answers, and its schema is current.
    Ready,
    /// It answers, and its schema is not what the program needs.
    Behind(String),
    /// It does not answer.
    Away(DatabaseError),
}

/// Looks at the database through a connection of its own, never through the pool: a busy pool is not a
/// dead database.
#[derive(Debug)]
pub(super) struct Probe {
    database: Database,
    migrations: Migrations,
    migrate: bool,
    deadline: Duration,
    conn: Option<AnyConnection>,
    pub(super) migrated: Option<Migrated>,
}

impl Probe {
    pub(super) fn new(
        database: Database,
        migrations: Migrations,
        config: &DatabaseConfig,
        readiness: &ReadinessConfig,
    ) -> Self {
        Self {
            database,
            migrations,
            migrate: config.migrate_on_start,
            deadline: readiness.timeout,
            conn: None,
            migrated: None,
        }
    }

    /// Looks once. The first look that reaches the database also brings its schema up to date.
    pub(super) async fn look(&mut self) -> Finding {
        if let Err(error) = self.ping().await {
            return Finding::Away(error);
        }
        if self.migrated.is_some() {
            return Finding::Ready;
        }
        match self.schema().await {
            Ok(()) => Finding::Ready,
            Err(Problem::Behind(problem)) => Finding::Behind(problem),
            Err(Problem::Database(error)) => match error {
                DatabaseError::Migration(ref inner) if !lost(inner.database()) => {
                    Finding::Behind(crate::telemetry::chain(&error))
                }
                error => Finding::Away(error),
            },
        }
    }

    /// Closes the probe's connection.
    pub(super) async fn close(self) {
        if let Some(conn) = self.conn
            && let Err(error) = conn.close().await
        {
            tracing::debug!(error = %error, "the probe's connection did not close in good order");
        }
    }

    async fn ping(&mut self) -> Result<(), DatabaseError> {
        if let Some(mut conn) = self.conn.take() {
            match timeout(self.deadline, ask(&self.database, &mut conn)).await {
                Ok(Ok(())) => {
                    self.conn = Some(conn);
                    return Ok(());
                }
                Ok(Err(error)) => {
                    tracing::debug!(error = %error, "the probe's connection failed; opening a new one");
                }
                Err(_) => {
                    tracing::debug!("the probe's connection does not answer; opening a new one");
                }
            }
            metrics::counter!("twinbase_readiness_reconnects_total").increment(1);
        }
        let database = &self.database;
        let fresh = async {
            let mut conn = database.connect().await?;
            ask(database, &mut conn)
                .await
                .map_err(|error| database.explain(error))?;
            Ok(conn)
        };
        let conn = timeout(self.deadline, fresh).await.unwrap_or_else(|_| {
            Err(database.explain(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())))
        })?;
        self.conn = Some(conn);
        Ok(())
    }

    async fn schema(&mut self) -> Result<(), Problem> {
        let migrated = if self.migrate {
            let report = self.database.migrate(&self.migrations).await?;
            Migrated {
                current: report.current,
                applied: report.applied.len(),
            }
        } else {
            let lines = self.database.migration_status(&self.migrations).await?;
            let wrong = |line: &&crate::migration::Status| {
                !matches!(line.standing, Standing::Applied | Standing::Unknown)
            };
            if let Some(line) = lines.iter().find(wrong) {
                return Err(Problem::Behind(format!(
                    "migration {} ({}) is {}; run `twinbase migrate up`",
                    line.version,
                    line.description,
                    line.standing.as_str()
                )));
            }
            let current = lines
                .last()
                .map(|line| (line.version, line.description.clone()));
            Migrated {
                current,
                applied: 0,
            }
        };
        self.migrated = Some(migrated);
        Ok(())
    }
}

/// Asks the database for something that it can't answer without reading.
async fn ask(database: &Database, conn: &mut AnyConnection) -> Result<(), sqlx::Error> {
    if let Some(file) = database.target().sqlite_file() {
        // An open SQLite file answers even after it was removed, and then serves what no one else can
        // see.
        tokio::fs::metadata(file).await?;
        conn.execute("SELECT count(*) FROM sqlite_master").await?;
    } else {
        conn.execute("SELECT 1").await?;
    }
    Ok(())
}

enum Problem {
    Behind(String),
    Database(DatabaseError),
}

impl From<DatabaseError> for Problem {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

/// Whether an error means that the connection is gone, rather than that a statement was refused.
fn lost(error: Option<&sqlx::Error>) -> bool {
    matches!(
        error,
        Some(
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::PoolClosed
                | sqlx::Error::PoolTimedOut
        )
    ) || error
        .and_then(sqlx::Error::as_database_error)
        .and_then(sqlx::error::DatabaseError::code)
        // Class 57P0x: the server is shutting down or starting up.
        .is_some_and(|code| code.starts_with("57P0"))
}
