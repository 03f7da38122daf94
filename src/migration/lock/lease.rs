//! A lease: a row with a time to live, where a session's lock is not to be had (a pooler in
//! transaction mode, `CockroachDB`).
//!
//! A transaction of the holder renews the row first, and so holds it locked until it commits: nobody
//! can take the lease from under it. What runs outside of a transaction renews it from another
//! connection meanwhile.

use std::time::Duration;

use sqlx::{AnyConnection, Connection as _, Executor as _, Row as _};

use super::{Lock, Look};
use crate::migration::written::written;
use crate::types::Uuid;

/// The table's name.
pub(in crate::migration) const TABLE: &str = "_twinbase_migration_lease";

/// How often a statement outside of a transaction renews the lease, which lasts 15 s.
const RENEWAL: Duration = Duration::from_secs(4);

/// A lease that is held.
#[derive(Debug, Clone)]
pub(in crate::migration) struct Lease {
    holder: String,
}

/// Makes the table where it is missing. Two may find it missing at once: the loser looks again.
async fn ensure(conn: &mut AnyConnection) -> Result<(), sqlx::Error> {
    let made = conn
        .execute(
            "CREATE TABLE IF NOT EXISTS _twinbase_migration_lease (
    id BIGINT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    application TEXT NOT NULL,
    pid BIGINT NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
)",
        )
        .await;
    match made {
        Err(sqlx::Error::Database(error))
            if matches!(error.code().as_deref(), Some("23505" | "42P07" | "42710")) =>
        {
            Ok(())
        }
        other => other.map(|_| ()),
    }
}

/// Tries to take the lease.
pub(super) async fn look(conn: &mut AnyConnection, application: &str) -> Result<Look, sqlx::Error> {
    ensure(conn).await?;
    let holder = Uuid::now_v7().to_string();
    match take(conn, application, &holder).await {
        Ok(true) => return Ok(Look::Had(Lock::Lease(Lease { holder }))),
        Ok(false) => {}
        // The holder is in a transaction, which keeps the row locked.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("55P03") => {}
        Err(error) => return Err(error),
    }
    let row = conn
        .fetch_optional(
            "SELECT CAST(pid AS TEXT), application, CAST(date_trunc('second', since) AS TEXT), \
             CAST(date_trunc('second', expires_at) AS TEXT) FROM _twinbase_migration_lease WHERE id = 1",
        )
        .await?;
    let Some(row) = row else {
        return Ok(Look::Held(None));
    };
    Ok(Look::Held(Some(format!(
        "process {} ({}) since {}, its lease lasts until {}",
        row.try_get::<String, _>(0)?,
        row.try_get::<String, _>(1)?,
        row.try_get::<String, _>(2)?,
        row.try_get::<String, _>(3)?
    ))))
}

async fn take(
    conn: &mut AnyConnection,
    application: &str,
    holder: &str,
) -> Result<bool, sqlx::Error> {
    let mut transaction = conn.begin_with("BEGIN").await?;
    transaction
        .execute("SET LOCAL lock_timeout = '200ms'")
        .await?;
    let sql = "INSERT INTO _twinbase_migration_lease (id, holder, application, pid, since, expires_at) \
         VALUES (1, $1, $2, $3, clock_timestamp(), clock_timestamp() + INTERVAL '15 seconds') \
         ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, application = excluded.application, \
         pid = excluded.pid, since = excluded.since, expires_at = excluded.expires_at \
         WHERE _twinbase_migration_lease.expires_at < clock_timestamp()";
    let process = i64::from(std::process::id());
    let values = [holder.into(), application.into(), process.into()];
    let sql = written(&transaction, sql, values);
    let taken = transaction.execute(sql).await?;
    transaction.commit().await?;
    Ok(taken.rows_affected() == 1)
}

impl Lease {
    /// Makes it last anew; false where another process has it by now.
    pub(in crate::migration) async fn renew(
        &self,
        conn: &mut AnyConnection,
    ) -> Result<bool, sqlx::Error> {
        let sql = "UPDATE _twinbase_migration_lease SET expires_at = clock_timestamp() + INTERVAL '15 seconds' \
             WHERE id = 1 AND holder = $1";
        let sql = written(conn, sql, [self.holder.as_str().into()]);
        let renewed = conn.execute(sql).await?;
        Ok(renewed.rows_affected() == 1)
    }

    /// Renews it again and again, until another process has it.
    pub(in crate::migration) async fn keep(&self, conn: &mut AnyConnection) {
        loop {
            tokio::time::sleep(RENEWAL).await;
            match self.renew(conn).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(error = %error, "the migration lease could not be renewed; trying again");
                }
            }
        }
    }

    pub(super) async fn release(&self, conn: &mut AnyConnection) -> Result<(), sqlx::Error> {
        let sql = "DELETE FROM _twinbase_migration_lease WHERE holder = $1";
        let sql = written(conn, sql, [self.holder.as_str().into()]);
        conn.execute(sql).await?;
        Ok(())
    }
}
