//! sqlx's migrations, so that `sqlx::migrate!` works: the table of applied migrations, and each
//! migration in one transaction with its row.

use super::connection::SqliteConnection;
use super::database::Sqlite;
use super::options::{Location, Options};
use futures_core::future::BoxFuture;
use sqlx_core::Error;
use sqlx_core::any::{AnyArguments, AnyConnectionBackend, AnyQueryResult, AnyRow};
use sqlx_core::arguments::Arguments;
use sqlx_core::connection::Connection;
use sqlx_core::migrate::{AppliedMigration, Migrate, MigrateDatabase, MigrateError, Migration};
use sqlx_core::row::Row;
use sqlx_core::sql_str::{AssertSqlSafe, SqlSafeStr, SqlStr};
use sqlx_core::transaction::Transaction;
use std::future::poll_fn;
use std::time::{Duration, Instant};

impl SqliteConnection {
    async fn run_own(
        &mut self,
        sql: String,
        arguments: AnyArguments,
    ) -> Result<AnyQueryResult, Error> {
        let request = self.request(AssertSqlSafe(sql).into_sql_str(), true, Some(arguments));
        self.finish(request).await
    }

    async fn read_own(
        &mut self,
        sql: String,
        arguments: AnyArguments,
    ) -> Result<Vec<AnyRow>, Error> {
        let sql = AssertSqlSafe(sql).into_sql_str();
        let mut stream = self.fetch_many(sql, true, Some(arguments));
        let mut rows = Vec::new();
        while let Some(item) = poll_fn(|context| stream.as_mut().poll_next(context)).await {
            rows.extend(item?.right());
        }
        Ok(rows)
    }

    async fn run_text(&mut self, sql: SqlStr) -> Result<(), Error> {
        let request = self.request(sql, false, None);
        self.finish(request).await.map(drop)
    }

    async fn insert_row(&mut self, table: &str, migration: &Migration) -> Result<(), Error> {
        let mut arguments = with(migration.version)?;
        arguments
            .add(migration.description.as_ref())
            .map_err(Error::Encode)?;
        arguments
            .add(migration.checksum.as_ref())
            .map_err(Error::Encode)?;
        let sql = format!(
            "INSERT INTO {table} (version, description, success, checksum, execution_time) \
             VALUES ($1, $2, TRUE, $3, -1)"
        );
        self.run_own(sql, arguments).await.map(|_| ())
    }

    /// Whether another process has applied the migration since this one looked.
    async fn has_row(&mut self, table: &str, migration: &Migration) -> Result<bool, MigrateError> {
        let sql = format!("SELECT checksum FROM {table} WHERE version = $1");
        let rows = self.read_own(sql, with(migration.version)?).await?;
        match rows.first() {
            Some(row) if row.try_get::<&[u8], _>(0)? == migration.checksum.as_ref() => Ok(true),
            Some(_) => Err(MigrateError::VersionMismatch(migration.version)),
            None => Ok(false),
        }
    }

    async fn apply_here(
        &mut self,
        table: &str,
        migration: &Migration,
    ) -> Result<bool, MigrateError> {
        if self.has_row(table, migration).await? {
            return Ok(false);
        }
        self.run_text(migration.sql.clone())
            .await
            .map_err(|error| MigrateError::ExecuteMigration(error, migration.version))?;
        self.insert_row(table, migration).await?;
        Ok(true)
    }

    async fn revert_here(
        &mut self,
        table: &str,
        migration: &Migration,
    ) -> Result<(), MigrateError> {
        self.run_text(migration.sql.clone())
            .await
            .map_err(|error| MigrateError::ExecuteMigration(error, migration.version))?;
        let sql = format!("DELETE FROM {table} WHERE version = $1");
        self.run_own(sql, with(migration.version)?).await?;
        Ok(())
    }

    async fn begin_writing(&mut self) -> Result<Transaction<'_, Sqlite>, Error> {
        if self.get_transaction_depth() == 0 {
            Transaction::begin(self, Some("BEGIN IMMEDIATE".into_sql_str())).await
        } else {
            Connection::begin(self).await
        }
    }
}

fn with(version: i64) -> Result<AnyArguments, Error> {
    let mut arguments = AnyArguments::default();
    arguments.add(version).map_err(Error::Encode)?;
    Ok(arguments)
}

impl Migrate for SqliteConnection {
    fn create_schema_if_not_exists<'e>(
        &'e mut self,
        schema_name: &'e str,
    ) -> BoxFuture<'e, Result<(), MigrateError>> {
        Box::pin(async move {
            let sql = format!("PRAGMA {schema_name}.schema_version");
            if self
                .read_own(sql, AnyArguments::default())
                .await
                .is_ok_and(|rows| !rows.is_empty())
            {
                return Ok(());
            }
            Err(MigrateError::CreateSchemasNotSupported(format!(
                "there is no schema {schema_name}; in SQLite that is another file, to be attached"
            )))
        })
    }

    fn ensure_migrations_table<'e>(
        &'e mut self,
        table_name: &'e str,
    ) -> BoxFuture<'e, Result<(), MigrateError>> {
        Box::pin(async move {
            let sql = format!(
                "CREATE TABLE IF NOT EXISTS {table_name} (\n    \
                 version BIGINT PRIMARY KEY,\n    \
                 description TEXT NOT NULL,\n    \
                 installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,\n    \
                 success BOOLEAN NOT NULL,\n    \
                 checksum BLOB NOT NULL,\n    \
                 execution_time BIGINT NOT NULL\n)"
            );
            self.run_own(sql, AnyArguments::default()).await?;
            Ok(())
        })
    }

    fn dirty_version<'e>(
        &'e mut self,
        table_name: &'e str,
    ) -> BoxFuture<'e, Result<Option<i64>, MigrateError>> {
        Box::pin(async move {
            let sql = format!(
                "SELECT version FROM {table_name} WHERE NOT success ORDER BY version LIMIT 1"
            );
            let rows = self.read_own(sql, AnyArguments::default()).await?;
            Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
        })
    }

    fn list_applied_migrations<'e>(
        &'e mut self,
        table_name: &'e str,
    ) -> BoxFuture<'e, Result<Vec<AppliedMigration>, MigrateError>> {
        Box::pin(async move {
            let sql = format!("SELECT version, checksum FROM {table_name} ORDER BY version");
            let mut applied = Vec::new();
            for row in self.read_own(sql, AnyArguments::default()).await? {
                let checksum: Vec<u8> = row.try_get(1)?;
                applied.push(AppliedMigration {
                    version: row.try_get(0)?,
                    checksum: checksum.into(),
                });
            }
            Ok(applied)
        })
    }

    /// Does nothing: each migration takes the write lock and looks again before it runs.
    fn lock(&mut self) -> BoxFuture<'_, Result<(), MigrateError>> {
        Box::pin(async { Ok(()) })
    }

    fn unlock(&mut self) -> BoxFuture<'_, Result<(), MigrateError>> {
        Box::pin(async { Ok(()) })
    }

    fn apply<'e>(
        &'e mut self,
        table_name: &'e str,
        migration: &'e Migration,
    ) -> BoxFuture<'e, Result<Duration, MigrateError>> {
        Box::pin(async move {
            let start = Instant::now();
            let applied = if migration.no_tx {
                self.apply_here(table_name, migration).await?
            } else {
                let mut transaction = self.begin_writing().await?;
                let applied = transaction.apply_here(table_name, migration).await?;
                transaction.commit().await?;
                applied
            };
            let elapsed = start.elapsed();
            if !applied {
                tracing::info!(
                    version = migration.version,
                    "another process applied the migration"
                );
                return Ok(elapsed);
            }
            // Only now is it known; the row says -1 where the process ends before this.
            let mut arguments = with(i64::try_from(elapsed.as_nanos()).unwrap_or(i64::MAX))?;
            arguments.add(migration.version).map_err(Error::Encode)?;
            let sql = format!("UPDATE {table_name} SET execution_time = $1 WHERE version = $2");
            self.run_own(sql, arguments).await?;
            Ok(elapsed)
        })
    }

    fn revert<'e>(
        &'e mut self,
        table_name: &'e str,
        migration: &'e Migration,
    ) -> BoxFuture<'e, Result<Duration, MigrateError>> {
        Box::pin(async move {
            let start = Instant::now();
            if migration.no_tx {
                self.revert_here(table_name, migration).await?;
            } else {
                let mut transaction = self.begin_writing().await?;
                transaction.revert_here(table_name, migration).await?;
                transaction.commit().await?;
            }
            Ok(start.elapsed())
        })
    }

    fn skip<'e>(
        &'e mut self,
        table_name: &'e str,
        migration: &'e Migration,
    ) -> BoxFuture<'e, Result<(), MigrateError>> {
        Box::pin(async move { Ok(self.insert_row(table_name, migration).await?) })
    }
}

impl MigrateDatabase for Sqlite {
    async fn create_database(url: &str) -> Result<(), Error> {
        let mut options: super::database::ConnectOptions = url.parse()?;
        options.options.create = true;
        options.options.read_only = false;
        let connection = SqliteConnection::open(&options).await?;
        Connection::close(connection).await
    }

    async fn database_exists(url: &str) -> Result<bool, Error> {
        let Some(path) = in_file(url)? else {
            return Ok(true);
        };
        Ok(tokio::task::spawn_blocking(move || path.try_exists())
            .await
            .map_err(crashed)??)
    }

    async fn drop_database(url: &str) -> Result<(), Error> {
        let Some(path) = in_file(url)? else {
            return Ok(());
        };
        let remove = move || {
            std::fs::remove_file(&path)?;
            for suffix in ["-wal", "-shm", "-journal"] {
                let mut beside = path.clone().into_os_string();
                beside.push(suffix);
                match std::fs::remove_file(beside) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(error);
                    }
                    _ => {}
                }
            }
            Ok(())
        };
        Ok(tokio::task::spawn_blocking(remove)
            .await
            .map_err(crashed)??)
    }
}

fn in_file(url: &str) -> Result<Option<std::path::PathBuf>, Error> {
    let url: url::Url = url.parse().map_err(Error::config)?;
    let options = Options::from_connection_url(&url).map_err(Error::config)?;
    Ok(match options.location {
        Location::File(path) => Some(path),
        Location::Memory(_) => None,
    })
}

fn crashed(_error: tokio::task::JoinError) -> Error {
    Error::WorkerCrashed
}
