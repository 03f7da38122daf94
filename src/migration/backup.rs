//! Copies of a `SQLite` file: made with `VACUUM INTO`, and checked.

use std::path::{Path, PathBuf};

use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, ConnectOptions as _, Connection as _, Executor as _, Row as _};

use super::{MigrationError, Runner, history};
use crate::config::Engine;
use crate::driver::sqlite::{Location, Options};
use crate::types::Timestamp;

impl Runner {
    /// Copies the `SQLite` database to `file`, or beside itself, and checks the copy.
    ///
    /// # Errors
    /// [`MigrationError::Backup`] and [`MigrationError::UnsoundBackup`]; no copy stays behind.
    pub async fn back_up(mut self, file: Option<&Path>) -> Result<PathBuf, MigrationError> {
        let made = async {
            let target = match file {
                Some(file) => file.to_owned(),
                None => beside(&mut self.conn).await.map_err(unread)?,
            };
            make(&mut self.conn, &target).await?;
            Ok(target)
        };
        let made = made.await;
        self.close().await;
        made
    }
}

fn unread(source: sqlx::Error) -> MigrationError {
    MigrationError::History {
        doing: "read",
        source,
    }
}

/// Copies the database beside itself if a table of it has a row.
pub(super) async fn before_change(
    conn: &mut AnyConnection,
) -> Result<Option<PathBuf>, MigrationError> {
    if !has_rows(conn).await.map_err(unread)? {
        return Ok(None);
    }
    let target = beside(conn).await.map_err(unread)?;
    make(conn, &target).await?;
    tracing::info!(backup = %target.display(), "the database was copied before its schema is changed");
    metrics::counter!("twinbase_migration_backups_total").increment(1);
    Ok(Some(target))
}

async fn has_rows(conn: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    for table in history::tables(conn, Engine::Sqlite).await? {
        let quoted = table.replace('"', "\"\"");
        let sql = format!("SELECT EXISTS (SELECT 1 FROM \"{quoted}\")");
        let row = conn.fetch_one(sqlx::AssertSqlSafe(sql)).await?;
        if row.try_get(0)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `<file>.<moment>.backup`
async fn beside(conn: &mut AnyConnection) -> Result<PathBuf, sqlx::Error> {
    let row = conn
        .fetch_one("SELECT file FROM pragma_database_list WHERE name = 'main'")
        .await?;
    let file: String = row.try_get(0)?;
    let moment: String = Timestamp::now()
        .to_string()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    Ok(PathBuf::from(format!("{file}.{moment}.backup")))
}

async fn make(conn: &mut AnyConnection, target: &Path) -> Result<(), MigrationError> {
    let shown = target.display().to_string();
    let failed = |source| MigrationError::Backup {
        path: shown.clone(),
        source,
    };
    if target.exists() {
        let there = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
        return Err(failed(sqlx::Error::Io(there)));
    }
    let literal = shown.replace('\'', "''");
    let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(format!("VACUUM INTO '{literal}'")));
    let checked = match conn.execute(sql).await {
        Ok(_) => check(target).await.map_err(failed),
        Err(error) => Err(failed(error)),
    };
    let problem = match checked {
        Ok(None) => return Ok(()),
        Ok(Some(problem)) => MigrationError::UnsoundBackup {
            path: shown.clone(),
            problem,
        },
        Err(error) => error,
    };
    if let Err(error) = std::fs::remove_file(target) {
        tracing::warn!(error = %error, backup = shown, "the useless backup could not be removed");
    }
    Err(problem)
}

/// The first thing that is wrong with the copy.
async fn check(target: &Path) -> Result<Option<String>, sqlx::Error> {
    let mut options = Options::new(Location::File(target.to_owned()));
    options.read_only = true;
    let url = url::Url::parse(&options.to_url())
        .map_err(|error| sqlx::Error::Configuration(Box::new(error)))?;
    let mut conn = AnyConnectOptions::from_url(&url)?.connect().await?;
    let said = conn.fetch_all("PRAGMA integrity_check").await;
    let orphans = conn
        .fetch_all("SELECT count(*) FROM pragma_foreign_key_check")
        .await;
    conn.close().await?;
    let orphans: i64 = orphans?.first().map_or(Ok(0), |row| row.try_get(0))?;
    if orphans > 0 {
        tracing::warn!(orphans, backup = %target.display(), "rows refer to rows that are not there, in the database and so in its copy");
    }
    let first: String = said?
        .first()
        .map_or(Ok("nothing was said".to_owned()), |row| row.try_get(0))?;
    Ok((first != "ok").then_some(first))
}
