//! One migrator at a time.
//!
//! On `SQLite` each version is applied under `BEGIN IMMEDIATE`, which is the file's own write lock, and
//! the history is read again under it. On `PostgreSQL` the lock is the session advisory lock that
//! sqlx takes, so that sqlx's own tools wait for us and we for them. It is polled: a blocking
//! `pg_advisory_lock` deadlocks with another starter's `CREATE INDEX CONCURRENTLY`, which waits for
//! every transaction that is older, ours among them.

use std::time::Duration;

use sqlx::{AnyConnection, Executor as _, Row as _};
use tokio::time::Instant;

use super::MigrationError;

/// How long a migrator waits for another one before it gives up.
pub const LOCK_TIMEOUT: Duration = Duration::from_mins(1);

/// The pause between two looks at the lock.
const POLL: Duration = Duration::from_millis(100);

/// Takes sqlx's advisory lock for this database. It ends with the connection.
pub(super) async fn acquire(conn: &mut AnyConnection) -> Result<(), MigrationError> {
    let failed = |source| MigrationError::History {
        doing: "locked",
        source,
    };
    let database: String = conn
        .fetch_one("SELECT CAST(current_database() AS TEXT)")
        .await
        .and_then(|row| row.try_get(0))
        .map_err(failed)?;
    let id = lock_id(&database);
    let deadline = Instant::now() + LOCK_TIMEOUT;
    let mut told = false;
    loop {
        let got: bool = sqlx::query("SELECT pg_try_advisory_lock($1)")
            .bind(id)
            .fetch_one(&mut *conn)
            .await
            .and_then(|row| row.try_get(0))
            .map_err(failed)?;
        if got {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(MigrationError::Locked(LOCK_TIMEOUT));
        }
        if !told {
            tracing::info!(lock_id = id, "another process is migrating; waiting for it");
            told = true;
        }
        tokio::time::sleep(POLL).await;
    }
}

/// The number under which sqlx locks a database (sqlx-postgres 0.9, `generate_lock_id`): CRC-32 of the
/// database's name times a constant.
fn lock_id(database: &str) -> i64 {
    const FACTOR: i64 = 0x3d32_ad9e;
    FACTOR * i64::from(crc32(database.as_bytes()))
}

/// CRC-32 as in ISO 3309, a bit at a time: it runs once a migration over a name.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 * (crc & 1))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc32_gives_the_check_value_of_its_catalogue_entry() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn no_name_overflows_the_lock_id() {
        assert_eq!(lock_id(""), 0);
        assert!(0x3d32_ad9e_i64.checked_mul(i64::from(u32::MAX)).is_some());
    }
}
