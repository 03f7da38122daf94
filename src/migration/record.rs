//! What Twinbase knows of an applied version beyond sqlx's history: the table `_twinbase_migrations`.

use std::collections::BTreeMap;

use sqlx::{AnyConnection, Executor as _, Row as _};

use super::Step;
use super::checksum;
use super::written::written;
use crate::config::Engine;

/// The table's name.
pub(super) const TABLE: &str = "_twinbase_migrations";

/// The table, in words that both engines take.
pub(super) const CREATE: &str = "CREATE TABLE IF NOT EXISTS _twinbase_migrations (
    version BIGINT NOT NULL PRIMARY KEY,
    source_checksum TEXT NOT NULL,
    translator BIGINT NOT NULL,
    source TEXT NOT NULL,
    applied_sql TEXT NOT NULL,
    compatible TEXT,
    statement TEXT
)";

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// SHA-384 of the source file's text with LF line ends, in hexadecimal digits.
    pub source_checksum: String,
    /// The translator's version; 0 where the text is a variant, which is not translated.
    pub translator: i64,
    /// The source file's text.
    pub source: String,
    /// The text that ran.
    pub applied_sql: String,
    /// Why programs that do not know the version may go on with it; `None` where they may not.
    pub compatible: Option<String>,
    /// The statement that was under way outside of a transaction; `None` once it is done.
    pub statement: Option<String>,
}

impl Record {
    /// Whether it belongs to the row of sqlx's history with this checksum: another tool may have
    /// undone the version and applied another text.
    pub(super) fn fits(&self, checksum: &[u8]) -> bool {
        checksum::of(&self.applied_sql) == checksum
    }
}

/// Whether the table is there.
pub(super) async fn exists(conn: &mut AnyConnection, engine: Engine) -> Result<bool, sqlx::Error> {
    super::history::has_table(conn, engine, TABLE).await
}

/// The rows by version; none where the table is missing.
pub(super) async fn read(
    conn: &mut AnyConnection,
    engine: Engine,
) -> Result<BTreeMap<i64, Record>, sqlx::Error> {
    if !exists(conn, engine).await? {
        return Ok(BTreeMap::new());
    }
    let rows = conn
        .fetch_all(
            "SELECT version, source_checksum, translator, source, applied_sql, compatible, statement \
             FROM _twinbase_migrations",
        )
        .await?;
    rows.iter()
        .map(|row| {
            let record = Record {
                source_checksum: row.try_get(1)?,
                translator: row.try_get(2)?,
                source: row.try_get(3)?,
                applied_sql: row.try_get(4)?,
                compatible: row.try_get(5)?,
                statement: row.try_get(6)?,
            };
            Ok((row.try_get(0)?, record))
        })
        .collect()
}

/// Writes the row of a step, in place of one that is there.
pub(super) async fn write(
    conn: &mut AnyConnection,
    step: &Step,
    statement: Option<&str>,
) -> Result<(), sqlx::Error> {
    delete(conn, step.version).await?;
    let sql = "INSERT INTO _twinbase_migrations \
         (version, source_checksum, translator, source, applied_sql, compatible, statement) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = [
        step.version.into(),
        step.source_checksum.as_str().into(),
        i64::from(step.translator).into(),
        step.source.as_str().into(),
        step.up.as_str().into(),
        step.compatible.as_deref().into(),
        statement.into(),
    ];
    let sql = written(conn, sql, values);
    conn.execute(sql).await?;
    Ok(())
}

/// Notes that nothing is under way any more.
pub(super) async fn settle(conn: &mut AnyConnection, version: i64) -> Result<(), sqlx::Error> {
    let sql = "UPDATE _twinbase_migrations SET statement = NULL WHERE version = $1";
    let sql = written(conn, sql, [version.into()]);
    conn.execute(sql).await?;
    Ok(())
}

/// Removes the row of a version, where there is one.
pub(super) async fn delete(conn: &mut AnyConnection, version: i64) -> Result<(), sqlx::Error> {
    let sql = "DELETE FROM _twinbase_migrations WHERE version = $1";
    let sql = written(conn, sql, [version.into()]);
    conn.execute(sql).await?;
    Ok(())
}
