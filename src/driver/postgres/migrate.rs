//! SQLx's migrations, done by `PgConnection` itself.

use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::Error;
use sqlx::migrate::{AppliedMigration, Migrate, MigrateError, Migration};
use sqlx::postgres::PgConnection;

use super::connection::Connection;

impl Connection {
    /// The inner connection, for what SQLx does with it out of this driver's sight.
    async fn for_migration(&mut self) -> Result<&mut PgConnection, Error> {
        self.settle().await?;
        // Whatever is dropped half-way is read to its end before the next use.
        self.in_flight = true;
        Ok(&mut self.inner)
    }
}

impl Migrate for Connection {
    fn create_schema_if_not_exists<'e>(
        &'e mut self,
        schema_name: &'e str,
    ) -> BoxFuture<'e, Result<(), MigrateError>> {
        Box::pin(async move {
            let inner = self.for_migration().await?;
            inner.create_schema_if_not_exists(schema_name).await
        })
    }

    fn ensure_migrations_table<'e>(
        &'e mut self,
        table_name: &'e str,
    ) -> BoxFuture<'e, Result<(), MigrateError>> {
        Box::pin(async move {
            let inner = self.for_migration().await?;
            inner.ensure_migrations_table(table_name).await
        })
    }

    fn dirty_version<'e>(
        &'e mut self,
        table_name: &'e str,
    ) -> BoxFuture<'e, Result<Option<i64>, MigrateError>> {
        Box::pin(async move { self.for_migration().await?.dirty_version(table_name).await })
    }

    fn list_applied_migrations<'e>(
        &'e mut self,
        table_name: &'e str,
    ) -> BoxFuture<'e, Result<Vec<AppliedMigration>, MigrateError>> {
        Box::pin(async move {
            let inner = self.for_migration().await?;
            inner.list_applied_migrations(table_name).await
        })
    }

    fn lock(&mut self) -> BoxFuture<'_, Result<(), MigrateError>> {
        Box::pin(async move { self.for_migration().await?.lock().await })
    }

    fn unlock(&mut self) -> BoxFuture<'_, Result<(), MigrateError>> {
        Box::pin(async move { self.for_migration().await?.unlock().await })
    }

    fn apply<'e>(
        &'e mut self,
        table_name: &'e str,
        migration: &'e Migration,
    ) -> BoxFuture<'e, Result<Duration, MigrateError>> {
        Box::pin(async move {
            self.for_migration()
                .await?
                .apply(table_name, migration)
                .await
        })
    }

    fn revert<'e>(
        &'e mut self,
        table_name: &'e str,
        migration: &'e Migration,
    ) -> BoxFuture<'e, Result<Duration, MigrateError>> {
        Box::pin(async move {
            self.for_migration()
                .await?
                .revert(table_name, migration)
                .await
        })
    }

    fn skip<'e>(
        &'e mut self,
        table_name: &'e str,
        migration: &'e Migration,
    ) -> BoxFuture<'e, Result<(), MigrateError>> {
        Box::pin(async move {
            self.for_migration()
                .await?
                .skip(table_name, migration)
                .await
        })
    }
}
