use std::path::Path;

use sqlx::Connection as _;
use sqlx::migrate::{Migrate, Migrator as Stock};
use twinbase::config::Engine;
use twinbase::migration::{UpOptions, render};
use twinbase::testing::TestDatabase;

use super::{BASELINE, LATER, migration_error, migrations, migrator, standings};

const TABLES: [(&str, &str); 4] = [
    (
        "20260210120000_tables.up.sql",
        "CREATE TABLE items (id UUID PRIMARY KEY, name VARCHAR(80) NOT NULL UNIQUE, price NUMERIC(20,8), paid BOOLEAN NOT NULL DEFAULT FALSE,
            at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP, due DATE, lines JSONB, bytes BYTEA, small SMALLINT, n INTEGER, w DOUBLE PRECISION);\n",
    ),
    ("20260210120000_tables.down.sql", "DROP TABLE items;\n"),
    (
        "postgres/20260220120000_index.sql",
        "-- no-transaction\nCREATE INDEX CONCURRENTLY items_due ON items (due);\n",
    ),
    ("sqlite/20260220120000_index.sql", "CREATE INDEX items_due ON items (due);\n"),
];

fn write(folder: &Path, files: &[(&'static str, &'static str)], engine: Engine) {
    let plan = migrations(files).plan(engine).unwrap();
    for (name, text) in render::folder(&plan, None) {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

/// What stock sqlx does with a folder and a database: lists what is applied, then runs what is not.
async fn run(folder: &Path, test: &TestDatabase) -> Result<Vec<i64>, sqlx::migrate::MigrateError> {
    async fn with<C: Migrate>(
        stock: &Stock,
        conn: &mut C,
    ) -> Result<Vec<i64>, sqlx::migrate::MigrateError> {
        conn.ensure_migrations_table("_sqlx_migrations").await?;
        let before = conn.list_applied_migrations("_sqlx_migrations").await?;
        stock.run_direct(None, conn, false).await?;
        let after = conn.list_applied_migrations("_sqlx_migrations").await?;
        Ok(after[before.len()..]
            .iter()
            .map(|applied| applied.version)
            .collect())
    }
    let stock = Stock::new(folder).await?;
    match test.engine() {
        Engine::Postgres => {
            let mut conn = sqlx::PgConnection::connect(test.url().expose())
                .await
                .unwrap();
            let done = with(&stock, &mut conn).await;
            conn.close().await.unwrap();
            done
        }
        Engine::Sqlite => {
            let file = test.url().sqlite_file().unwrap();
            let options = sqlx::sqlite::SqliteConnectOptions::new()
                .filename(file)
                .create_if_missing(true);
            let mut conn = sqlx::SqliteConnection::connect_with(&options)
                .await
                .unwrap();
            let done = with(&stock, &mut conn).await;
            conn.close().await.unwrap();
            done
        }
    }
}

const ALL: [(&str, &str); 5] = [BASELINE, TABLES[0], TABLES[1], TABLES[2], TABLES[3]];

twinbase::on_both_engines! {
    async fn sqlx_finds_all_applied_and_takes_over_and_we_take_back(test: TestDatabase) {
        let folder = tempfile::tempdir().unwrap();
        let database = test.open();
        migrator(&database, &ALL).up(&UpOptions::default()).await.unwrap();
        write(folder.path(), &ALL, test.engine());
        assert_eq!(run(folder.path(), &test).await.unwrap(), Vec::<i64>::new());

        let more: Vec<_> = ALL.into_iter().chain([LATER]).collect();
        write(folder.path(), &more, test.engine());
        assert_eq!(run(folder.path(), &test).await.unwrap(), [20_260_301_090_000]);
        let set = migrator(&database, &more);
        assert_eq!(standings(&set).await, ["applied"; 4]);
        assert!(set.up(&UpOptions::default()).await.unwrap().applied.is_empty());
        database.close().await;
    }

    async fn what_sqlx_has_applied_is_known_and_recorded(test: TestDatabase) {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[BASELINE, LATER], test.engine());
        assert_eq!(run(folder.path(), &test).await.unwrap().len(), 2);
        let database = test.open();
        let set = migrator(&database, &[BASELINE, LATER]);
        assert_eq!(standings(&set).await, ["applied"; 2]);
        set.up(&UpOptions::default()).await.unwrap();
        let ledger = set.ledger().await.unwrap();
        assert_eq!(ledger.records.len(), 2);
        database.close().await;
    }

    async fn sqlx_s_lock_keeps_us_out_and_ours_keeps_sqlx_out(test: TestDatabase) {
        if test.engine() == Engine::Sqlite {
            // sqlx has no lock there: the history is looked at again inside of each transaction.
            let database = test.open();
            let set = migrator(&database, &[BASELINE, LATER]);
            let folder = tempfile::tempdir().unwrap();
            write(folder.path(), &[BASELINE, LATER], test.engine());
            run(folder.path(), &test).await.unwrap();
            assert!(set.up(&UpOptions::default()).await.unwrap().applied.is_empty());
            database.close().await;
            return;
        }
        let mut holder = sqlx::PgConnection::connect(test.url().expose()).await.unwrap();
        holder.lock().await.unwrap();
        let database = test.open();
        let settings = twinbase::config::MigrateConfig {
            lock_timeout: std::time::Duration::from_secs(1),
            ..twinbase::config::MigrateConfig::default()
        };
        let set = super::with_settings(&database, &[BASELINE], &settings);
        let error = migration_error(set.up(&UpOptions::default()).await.unwrap_err());
        let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut holder).await.unwrap();
        assert!(error.to_string().contains(&format!("pid {pid} ")), "{error}");
        holder.unlock().await.unwrap();
        assert_eq!(set.up(&UpOptions::default()).await.unwrap().applied.len(), 1);
        // Where nothing is to be done, nobody's lock is waited for.
        holder.lock().await.unwrap();
        assert!(set.up(&UpOptions::default()).await.unwrap().applied.is_empty());
        holder.close().await.unwrap();
        database.close().await;
    }
}
