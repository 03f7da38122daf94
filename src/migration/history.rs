//! The history that a database keeps of its migrations: sqlx's table `_sqlx_migrations`.

use sqlx::{AnyConnection, Connection as _, Executor as _, Row as _};

use super::written::written;
use super::{MigrationError, Step, record};
use crate::config::Engine;

/// A row of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The version's number.
    pub version: i64,
    /// The version's description.
    pub description: String,
    /// False for a version that was left half applied (sqlx calls it dirty).
    pub success: bool,
    /// SHA-384 of the text that ran.
    pub checksum: Vec<u8>,
    /// When it was applied, as the engine writes it.
    pub installed_on: String,
    /// How long it took, in nanoseconds; -1 where it is not known.
    pub execution_time: i64,
}

/// The tables that the runner keeps for itself.
pub(super) const OWN_TABLES: [&str; 3] = ["_sqlx_migrations", record::TABLE, super::lock::LEASE];

/// Whether a table is there. It is looked for rather than made, so that asking for the status changes
/// nothing.
pub(super) async fn has_table(
    conn: &mut AnyConnection,
    engine: Engine,
    table: &str,
) -> Result<bool, sqlx::Error> {
    let sql = match engine {
        Engine::Sqlite => "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $1",
        Engine::Postgres => "SELECT count(*) FROM pg_class WHERE oid = to_regclass($1)",
    };
    let sql = written(conn, sql, [table.into()]);
    let row = conn.fetch_one(sql).await?;
    Ok(row.try_get::<i64, _>(0)? > 0)
}

/// The text that makes the history's table, with the columns and types that sqlx gives it.
pub(super) fn create(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
)"
        }
        Engine::Postgres => {
            "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMPTZ NOT NULL DEFAULT now(),
    success BOOLEAN NOT NULL,
    checksum BYTEA NOT NULL,
    execution_time BIGINT NOT NULL
)"
        }
    }
}

/// Makes the two tables where one is missing.
///
/// `SQLite` takes the write lock before it looks, so that two starters can't both find them missing.
pub(super) async fn ensure(conn: &mut AnyConnection, engine: Engine) -> Result<(), MigrationError> {
    let make = async {
        if has_table(conn, engine, "_sqlx_migrations").await?
            && record::exists(conn, engine).await?
        {
            return Ok(());
        }
        let mut transaction = conn.begin_with(begin(engine)).await?;
        transaction.execute(create(engine)).await?;
        transaction.execute(record::CREATE).await?;
        transaction.commit().await
    };
    make.await.map_err(|source| MigrationError::History {
        doing: "created",
        source,
    })
}

/// How a transaction that writes begins.
pub(super) fn begin(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "BEGIN IMMEDIATE",
        Engine::Postgres => "BEGIN",
    }
}

/// The rows, oldest version first; none where the table is missing.
pub(super) async fn read(
    conn: &mut AnyConnection,
    engine: Engine,
) -> Result<Vec<Applied>, sqlx::Error> {
    if !has_table(conn, engine, "_sqlx_migrations").await? {
        return Ok(Vec::new());
    }
    // `success` is cast because sqlx's own SQLite driver can't read a BOOLEAN through `Any`
    // (launchbadge/sqlx#2778).
    let rows = conn
        .fetch_all(
            "SELECT version, description, CAST(success AS INTEGER), checksum, \
             CAST(installed_on AS TEXT), execution_time FROM _sqlx_migrations ORDER BY version",
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Applied {
                version: row.try_get(0)?,
                description: row.try_get(1)?,
                success: row.try_get::<i64, _>(2)? != 0,
                checksum: row.try_get(3)?,
                installed_on: row.try_get(4)?,
                execution_time: row.try_get(5)?,
            })
        })
        .collect()
}

/// Writes a step's row; -1 ns where the time is not known yet.
pub(super) async fn insert(
    conn: &mut AnyConnection,
    step: &Step,
    success: bool,
    nanoseconds: i64,
) -> Result<(), sqlx::Error> {
    let sql = if success {
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES ($1, $2, TRUE, $3, $4)"
    } else {
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES ($1, $2, FALSE, $3, $4)"
    };
    let values = [
        step.version.into(),
        step.description.as_str().into(),
        step.checksum.as_slice().into(),
        nanoseconds.into(),
    ];
    let sql = written(conn, sql, values);
    conn.execute(sql).await?;
    Ok(())
}

/// Marks a version as applied whole, with the text that the step has.
pub(super) async fn succeed(
    conn: &mut AnyConnection,
    step: &Step,
    nanoseconds: i64,
) -> Result<(), sqlx::Error> {
    let sql = "UPDATE _sqlx_migrations SET success = TRUE, execution_time = $1, checksum = $2 WHERE version = $3";
    let values = [
        nanoseconds.into(),
        step.checksum.as_slice().into(),
        step.version.into(),
    ];
    let sql = written(conn, sql, values);
    conn.execute(sql).await?;
    Ok(())
}

/// Marks a version as half undone.
pub(super) async fn soil(conn: &mut AnyConnection, version: i64) -> Result<(), sqlx::Error> {
    let sql = "UPDATE _sqlx_migrations SET success = FALSE WHERE version = $1";
    let sql = written(conn, sql, [version.into()]);
    conn.execute(sql).await?;
    Ok(())
}

/// Removes a version's row.
pub(super) async fn delete(conn: &mut AnyConnection, version: i64) -> Result<(), sqlx::Error> {
    let sql = "DELETE FROM _sqlx_migrations WHERE version = $1";
    let sql = written(conn, sql, [version.into()]);
    conn.execute(sql).await?;
    Ok(())
}

/// Whether the version has a row.
pub(super) async fn has(conn: &mut AnyConnection, version: i64) -> Result<bool, sqlx::Error> {
    let sql = "SELECT count(*) FROM _sqlx_migrations WHERE version = $1";
    let sql = written(conn, sql, [version.into()]);
    let row = conn.fetch_one(sql).await?;
    Ok(row.try_get::<i64, _>(0)? > 0)
}

/// Whether the version has a row that says that it was applied whole.
pub(super) async fn has_succeeded(
    conn: &mut AnyConnection,
    version: i64,
) -> Result<bool, sqlx::Error> {
    let sql = "SELECT count(*) FROM _sqlx_migrations WHERE version = $1 AND success";
    let sql = written(conn, sql, [version.into()]);
    let row = conn.fetch_one(sql).await?;
    Ok(row.try_get::<i64, _>(0)? > 0)
}

/// The tables of the schema that are not the runner's own: the names, sorted.
pub(super) async fn tables(
    conn: &mut AnyConnection,
    engine: Engine,
) -> Result<Vec<String>, sqlx::Error> {
    let sql = match engine {
        Engine::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' \
             ORDER BY name"
        }
        // What an extension brought is not the application's.
        Engine::Postgres => {
            "SELECT CAST(c.relname AS TEXT) FROM pg_class c \
             JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'p') AND n.nspname = current_schema() \
             AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid \
             AND d.classid = CAST('pg_class' AS regclass) AND d.deptype = 'e') ORDER BY 1"
        }
    };
    let rows = conn.fetch_all(sql).await?;
    let names = rows.iter().map(|row| row.try_get::<String, _>(0));
    let names: Vec<String> = names.collect::<Result<_, _>>()?;
    Ok(names
        .into_iter()
        .filter(|name| !OWN_TABLES.contains(&name.as_str()))
        .collect())
}
