//! One migrator at a time: a lock that is polled with a deadline, and named when it can't be had.
//!
//! - `advisory`: on `PostgreSQL`, the session advisory lock that sqlx takes too.
//! - `lease`: on `PostgreSQL`, a row with a time to live, where advisory locks are not to be had.
//! - `file`: on `SQLite`, a lock of the system on a file beside the database.
//!
//! Each ends with its process, however that ends: the session, the time to live, the open file.

mod advisory;
mod file;
mod lease;

use std::time::Duration;

use sqlx::AnyConnection;
use tokio::time::Instant;

use super::MigrationError;
use crate::config::{Engine, MigrateConfig, MigrationLock};

pub(super) use advisory::Advisory;
pub(super) use lease::{Lease, TABLE as LEASE};

/// How long a migrator on `SQLite` waits for other writers before it gives up.
pub const LOCK_TIMEOUT: Duration = Duration::from_mins(1);

/// The pause between two looks at the lock.
const POLL: Duration = Duration::from_millis(100);

/// A lock that is held.
#[derive(Debug)]
pub(super) enum Lock {
    /// It ends with the session.
    Advisory(Advisory),
    /// It is given back with [`Lock::release`], or else runs out.
    Lease(Lease),
    /// It ends with the value.
    File(#[expect(dead_code, reason = "held for its drop")] file::FileLock),
}

/// What a look at the lock found.
enum Look {
    Had(Lock),
    /// Someone else has it; who, where that is known.
    Held(Option<String>),
}

impl Lock {
    /// Waits for the lock, for `lock_timeout` at most.
    ///
    /// # Errors
    /// [`MigrationError::Locked`] names the holder.
    pub(super) async fn acquire(
        conn: &mut AnyConnection,
        engine: Engine,
        settings: &MigrateConfig,
        application: &str,
    ) -> Result<Self, MigrationError> {
        let failed = |source| MigrationError::History {
            doing: "locked",
            source,
        };
        let deadline = Instant::now() + settings.lock_timeout;
        let mut told = false;
        let place = match engine {
            Engine::Sqlite => file::path(conn).await.map_err(failed)?,
            Engine::Postgres => String::new(),
        };
        loop {
            let found = match (engine, settings.lock) {
                (Engine::Sqlite, _) => file::look(&place, application)?,
                (Engine::Postgres, MigrationLock::Advisory) => {
                    advisory::look(conn).await.map_err(failed)?
                }
                (Engine::Postgres, MigrationLock::Lease) => {
                    lease::look(conn, application).await.map_err(failed)?
                }
            };
            let holder = match found {
                Look::Had(held) => return Ok(held),
                Look::Held(holder) => holder,
            };
            if Instant::now() >= deadline {
                metrics::counter!("twinbase_migration_lock_timeouts_total").increment(1);
                return Err(MigrationError::Locked {
                    waited: settings.lock_timeout,
                    holder,
                });
            }
            if !told {
                let holder = holder.as_deref().unwrap_or("unknown");
                tracing::info!(holder, "another process is migrating; waiting for it");
                told = true;
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Gives back what does not end with the connection.
    pub(super) async fn release(self, conn: &mut AnyConnection) {
        let released = match self {
            Self::Lease(lease) => lease.release(conn).await,
            Self::Advisory(lock) => lock.release(conn).await,
            Self::File(_) => Ok(()),
        };
        if let Err(error) = released {
            tracing::warn!(error = %error, "the migration lock was not given back; it ends by itself");
        }
    }
}
