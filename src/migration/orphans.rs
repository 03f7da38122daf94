//! `SQLite`: rows that refer to rows that are not there, counted before and after a table is made anew.

use std::collections::BTreeMap;

use sqlx::{AnyConnection, Executor as _, Row as _};

use super::MigrationError;

/// How many rows of each table refer to rows of another that are not there.
pub(super) type Orphans = BTreeMap<(String, String), u64>;

/// Counts them.
pub(super) async fn count(conn: &mut AnyConnection) -> Result<Orphans, sqlx::Error> {
    let rows = conn
        .fetch_all("SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2")
        .await?;
    rows.iter()
        .map(|row| {
            let rows: i64 = row.try_get(2)?;
            Ok((
                (row.try_get(0)?, row.try_get(1)?),
                u64::try_from(rows).unwrap_or_default(),
            ))
        })
        .collect()
}

/// Refuses rows that lost what they refer to; those that had lost it before are no fault of this.
pub(super) fn refuse(path: &str, before: &Orphans, after: Orphans) -> Result<(), MigrationError> {
    for ((table, parent), rows) in after {
        let key = (table, parent);
        if rows > before.get(&key).copied().unwrap_or_default() {
            return Err(MigrationError::Orphans {
                path: path.to_owned(),
                table: key.0,
                parent: key.1,
                rows,
            });
        }
    }
    Ok(())
}
