//! The session advisory lock that sqlx takes, so that sqlx's own tools wait for us and we for them.
//!
//! It is polled: a blocking `pg_advisory_lock` deadlocks with another starter's `CREATE INDEX
//! CONCURRENTLY`, which waits for every transaction that is older, ours among them.

use sqlx::{AnyConnection, Executor as _, Row as _};

use super::{Lock, Look};
use crate::migration::statement::shorten;
use crate::migration::written::{Value, written};

/// Which rows of `pg_locks` are the lock: the two halves of its number are where that keeps it.
const OURS: &str = "l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
     AND CAST(l.classid AS BIGINT) = $1 AND CAST(l.objid AS BIGINT) = $2 \
     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// A lock that is held by a session of the server.
#[derive(Debug)]
pub(in crate::migration) struct Advisory {
    id: i64,
}

impl Advisory {
    /// Whether the session that the connection has now is the one that took it: a pooler in transaction
    /// mode gives another one for each transaction.
    pub(in crate::migration) async fn is_here(
        &self,
        conn: &mut AnyConnection,
    ) -> Result<bool, sqlx::Error> {
        let sql =
            format!("SELECT count(*) FROM pg_locks l WHERE l.pid = pg_backend_pid() AND {OURS}");
        let sql = written(conn, &sql, halves(self.id));
        let row = conn.fetch_one(sql).await?;
        Ok(row.try_get::<i64, _>(0)? > 0)
    }

    /// Gives it back before the connection is closed: a pooler keeps the session.
    pub(super) async fn release(&self, conn: &mut AnyConnection) -> Result<(), sqlx::Error> {
        if self.is_here(conn).await? {
            let sql = written(conn, "SELECT pg_advisory_unlock($1)", [self.id.into()]);
            conn.fetch_one(sql).await?;
        }
        Ok(())
    }
}

fn halves(id: i64) -> [Value<'static>; 2] {
    [(id >> 32).into(), (id & 0xffff_ffff).into()]
}

/// Tries to take the lock of this database. It ends with the connection.
pub(super) async fn look(conn: &mut AnyConnection) -> Result<Look, sqlx::Error> {
    let row = conn
        .fetch_one("SELECT CAST(current_database() AS TEXT)")
        .await?;
    let id = lock_id(&row.try_get::<String, _>(0)?);
    let sql = written(conn, "SELECT pg_try_advisory_lock($1)", [id.into()]);
    let row = conn.fetch_one(sql).await?;
    if row.try_get(0)? {
        return Ok(Look::Had(Lock::Advisory(Advisory { id })));
    }
    Ok(Look::Held(holder(conn, id).await?))
}

/// Who has the lock: its process, application, since when, and its statement.
async fn holder(conn: &mut AnyConnection, id: i64) -> Result<Option<String>, sqlx::Error> {
    let who = "SELECT CAST(l.pid AS TEXT), CAST(a.application_name AS TEXT), \
         CAST(date_trunc('second', a.backend_start) AS TEXT), CAST(a.query AS TEXT), \
         CAST(a.state = 'active' AS BOOLEAN) \
         FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid \
         WHERE ";
    let sql = written(conn, &format!("{who}{OURS}"), halves(id));
    let row = conn.fetch_optional(sql).await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let text = |at| -> Result<String, sqlx::Error> {
        Ok(row.try_get::<Option<String>, _>(at)?.unwrap_or_default())
    };
    let active = row.try_get::<Option<bool>, _>(4)?.unwrap_or_default();
    let doing = if active { "running" } else { "idle, last" };
    Ok(Some(format!(
        "pid {} ({}) since {}, {doing} `{}`",
        text(0)?,
        text(1)?,
        text(2)?,
        shorten(&text(3)?)
    )))
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
