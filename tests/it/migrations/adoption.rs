use sqlx::Row as _;
use twinbase::config::Engine;
use twinbase::database::Database;
use twinbase::migration::baseline::Target;
use twinbase::migration::{MigrationError, UpOptions};

use super::{BASELINE, LATER, SIGNALS, migration_error, migrator, standings};

const RICH: (&str, &str) = (
    "20260210120000_add_signals.sql",
    "CREATE TABLE signals (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(20) NOT NULL UNIQUE, price NUMERIC(20,8),
        at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP, paid BOOLEAN NOT NULL DEFAULT FALSE, CHECK (id > 0));
     CREATE TABLE points (id UUID PRIMARY KEY, signal BIGINT NOT NULL REFERENCES signals (id) ON DELETE CASCADE);
     CREATE INDEX points_signal ON points (signal DESC) WHERE signal > 10;
     CREATE VIEW dear AS SELECT id FROM signals WHERE paid;\n",
);

/// Makes a database that has the schema of these files and no history.
async fn without_history(database: &Database, files: &[(&'static str, &'static str)]) {
    migrator(database, files)
        .up(&UpOptions::default())
        .await
        .unwrap();
    for table in ["_sqlx_migrations", "_twinbase_migrations"] {
        let drop = sqlx::AssertSqlSafe(format!("DROP TABLE {table}"));
        sqlx::query(drop).execute(database.pool()).await.unwrap();
    }
}

async fn nothing_of_the_comparison_is_left(database: &Database) {
    if database.engine() == Engine::Postgres {
        let left = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE '\\_twinbase%'";
        let row = sqlx::query(left).fetch_one(database.pool()).await.unwrap();
        assert_eq!(row.get::<i64, _>(0), 0);
    }
}

twinbase::on_both_engines! {
    async fn the_version_that_a_database_has_is_detected_and_the_rest_is_applied(database: TestDatabase) {
        let database = database.open();
        without_history(&database, &[BASELINE, RICH]).await;
        let seed = ("20260220120000_seed.sql", "INSERT INTO signals (id, name) VALUES (1, 'seed')\n");
        sqlx::query("INSERT INTO signals (id, name) VALUES (1, 'kept')").execute(database.pool()).await.unwrap();
        let all = migrator(&database, &[BASELINE, RICH, seed, LATER]);
        let baseline = all.baseline(Target::Detect, None).await.unwrap();
        assert_eq!(baseline.marked.iter().map(|m| m.0).collect::<Vec<_>>(), [20_260_101_000_000, 20_260_210_120_000, 20_260_220_120_000]);
        // A schema does not tell of rows, and the report says so.
        assert_eq!(baseline.unsure, [(20_260_220_120_000, "seed".to_owned())]);
        assert_eq!(standings(&all).await, ["applied", "applied", "applied", "pending"]);
        nothing_of_the_comparison_is_left(&database).await;
        assert_eq!(all.up(&UpOptions::default()).await.unwrap().applied.len(), 1);
        let row = sqlx::query("SELECT name FROM signals").fetch_one(database.pool()).await.unwrap();
        assert_eq!(row.get::<String, _>(0), "kept");
        let again = migration_error(all.baseline(Target::Detect, None).await.unwrap_err());
        assert!(matches!(again, MigrationError::Managed), "{again:?}");
        database.close().await;
    }

    async fn a_schema_that_differs_is_not_marked_and_the_difference_is_told(database: TestDatabase) {
        let database = database.open();
        without_history(&database, &[BASELINE, RICH]).await;
        for change in [
            "ALTER TABLE points ADD COLUMN extra BIGINT",
            "DROP INDEX points_signal",
        ] {
            sqlx::query(change).execute(database.pool()).await.unwrap();
            let all = migrator(&database, &[BASELINE, RICH]);
            for target in [Target::Detect, Target::Version(20_260_210_120_000)] {
                let error = migration_error(all.baseline(target, None).await.unwrap_err());
                assert!(matches!(&error, MigrationError::Differs { version: 20_260_210_120_000, .. }), "{error:?}");
                let details = error.details().unwrap();
                assert!(details.contains("+table points column extra"), "{details}");
                assert_eq!(details.contains("-table points index"), change.starts_with("DROP"), "{details}");
            }
            assert_eq!(standings(&all).await, ["pending", "pending"]);
        }
        nothing_of_the_comparison_is_left(&database).await;
        database.close().await;
    }

    async fn what_alembic_left_is_adopted_and_its_revision_told(database: TestDatabase) {
        let database = database.open();
        for sql in [
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))",
            "INSERT INTO alembic_version (version_num) VALUES ('ae1027a6acf')",
        ] {
            sqlx::query(sql).execute(database.pool()).await.unwrap();
        }
        let all = migrator(&database, &[BASELINE, SIGNALS]);
        let refused = migration_error(all.up(&UpOptions::default()).await.unwrap_err());
        assert!(matches!(&refused, MigrationError::Unmanaged { tables } if tables == &["alembic_version"]), "{refused:?}");
        let baseline = all.baseline(Target::Detect, None).await.unwrap();
        assert_eq!(baseline.alembic.as_deref(), Some("ae1027a6acf"));
        assert_eq!(baseline.marked, [(20_260_101_000_000, "baseline".to_owned())]);
        assert_eq!(all.up(&UpOptions::default()).await.unwrap().applied.len(), 1);
        database.close().await;
    }
}
