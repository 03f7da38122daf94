use std::fs;
use std::path::Path;

use sqlx::Row as _;
use sqlx::migrate::Migrator;
use twinbase::config::Engine;

use super::{count, driver_url, pool, pool_of};

async fn migrator(folder: &Path) -> Migrator {
    Migrator::new(folder).await.unwrap()
}

twinbase::on_both_engines! {
    async fn sqlx_migrations_run_and_are_found_by_sqlx(test: TestDatabase) {
        let folder = tempfile::tempdir().unwrap();
        let file = |name, sql| fs::write(folder.path().join(name), sql).unwrap();
        file("1_first.sql", "CREATE TABLE a (x BIGINT); INSERT INTO a VALUES (1);");
        file("2_second.sql", "-- no-transaction\nCREATE INDEX a_x ON a (x)");
        let two = migrator(folder.path()).await;
        let own = pool(&test, 2).await;
        two.run(&mut *own.acquire().await.unwrap()).await.unwrap();
        two.run(&own).await.unwrap();
        let rows = sqlx::query("SELECT * FROM _sqlx_migrations ORDER BY version").fetch_all(&own).await.unwrap();
        assert_eq!(rows.len(), 2);
        assert!(rows[0].get::<bool, _>("success"));
        assert!(rows[0].get::<i64, _>("execution_time") > 0);
        let installed_on: String = rows[0].get("installed_on");
        // SQLx's own tables: TIMESTAMPTZ on PostgreSQL, TIMESTAMP on SQLite.
        match test.engine() {
            Engine::Postgres => assert!(installed_on.ends_with('Z'), "{installed_on}"),
            Engine::Sqlite => assert_eq!(installed_on.len(), 19, "{installed_on}"),
        }
        own.close().await;
        match test.engine() {
            Engine::Postgres => {
                let stock = sqlx::PgPool::connect(test.url().expose()).await.unwrap();
                two.run(&stock).await.unwrap();
                stock.close().await;
            }
            Engine::Sqlite => {
                let file = test.url().sqlite_file().unwrap();
                let stock = sqlx::SqlitePool::connect(&format!("sqlite:{}", file.display())).await.unwrap();
                two.run(&stock).await.unwrap();
                stock.close().await;
            }
        }
        file("3_third.sql", "INSERT INTO a VALUES (2); INSERT INTO nowhere VALUES (1);");
        let own = pool(&test, 2).await;
        migrator(folder.path()).await.run(&own).await.unwrap_err();
        assert_eq!(count(&own, "a").await, 1);
        assert_eq!(count(&own, "_sqlx_migrations").await, 2);
    }

    async fn many_first_starts_at_once_all_succeed(test: TestDatabase) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("1_first.sql"), "CREATE TABLE a (x BIGINT)").unwrap();
        let starts: Vec<_> = (0..20)
            .map(|_| {
                let (url, path) = (driver_url(&test), folder.path().to_owned());
                tokio::spawn(async move {
                    let pool = pool_of(&url, 2).await;
                    migrator(&path).await.run(&pool).await
                })
            })
            .collect();
        for start in starts {
            start.await.unwrap().unwrap();
        }
        assert_eq!(count(&pool(&test, 1).await, "a").await, 0);
    }
}
