use sqlx::Row as _;
use twinbase::config::{Engine, MigrateConfig};
use twinbase::database::Database;
use twinbase::migration::{MigrationError, UpOptions};

use super::{BASELINE, LATER, migration_error, migrations, migrator, standings, with_settings};

const FAMILY: (&str, &str) = (
    "20260210120000_family.sql",
    "CREATE TABLE parents (id BIGINT NOT NULL PRIMARY KEY, name TEXT);
     CREATE TABLE children (id BIGINT NOT NULL PRIMARY KEY, parent BIGINT NOT NULL REFERENCES parents (id) ON DELETE CASCADE);
     INSERT INTO parents VALUES (1, 'one');
     INSERT INTO children VALUES (10, 1);
     INSERT INTO children VALUES (11, 1);\n",
);

const REBUILT: [(&str, &str); 2] = [
    (
        "postgres/20260301090000_named.sql",
        "ALTER TABLE parents ALTER COLUMN name SET NOT NULL;\n",
    ),
    (
        "sqlite/20260301090000_named.sql",
        "CREATE TABLE parents_new (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL);
         INSERT INTO parents_new SELECT id, name FROM parents;
         DROP TABLE parents;
         ALTER TABLE parents_new RENAME TO parents;\n",
    ),
];

const ORPHANING: [(&str, &str); 2] = [
    (
        "postgres/20260301090000_named.sql",
        "ALTER TABLE children DROP CONSTRAINT children_parent_fkey;
         DELETE FROM parents;
         ALTER TABLE children ADD CONSTRAINT children_parent_fkey FOREIGN KEY (parent) REFERENCES parents (id);\n",
    ),
    (
        "sqlite/20260301090000_named.sql",
        "DROP TABLE parents;
         CREATE TABLE parents (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL);\n",
    ),
];

async fn count(database: &Database, table: &str) -> i64 {
    let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    let row = sqlx::query(sql).fetch_one(database.pool()).await.unwrap();
    row.get(0)
}

twinbase::on_both_engines! {
    async fn a_table_made_anew_keeps_the_rows_that_refer_to_it(database: TestDatabase) {
        let database = database.open();
        let set = migrator(&database, &[BASELINE, FAMILY, REBUILT[0], REBUILT[1]]);
        assert_eq!(set.up(&UpOptions::default()).await.unwrap().applied.len(), 3);
        assert_eq!((count(&database, "parents").await, count(&database, "children").await), (1, 2));
        // The foreign key still holds, and is still enforced.
        assert!(sqlx::query("INSERT INTO children VALUES (12, 99)").execute(database.pool()).await.is_err());
        assert!(sqlx::query("INSERT INTO parents (id) VALUES (2)").execute(database.pool()).await.is_err());
        sqlx::query("DELETE FROM parents").execute(database.pool()).await.unwrap();
        assert_eq!(count(&database, "children").await, 0);
        database.close().await;
    }

    async fn a_migration_that_would_orphan_rows_is_rolled_back(database: TestDatabase) {
        let engine = database.engine();
        let database = database.open();
        let set = migrator(&database, &[BASELINE, FAMILY, ORPHANING[0], ORPHANING[1]]);
        let error = migration_error(set.up(&UpOptions::default()).await.unwrap_err());
        match engine {
            Engine::Sqlite => {
                let line = error.to_string();
                assert!(matches!(&error, MigrationError::Orphans { rows: 2, .. }), "{error:?}");
                assert!(line.contains("2 row(s) of children") && line.contains("rows of parents"), "{line}");
            }
            Engine::Postgres => assert!(matches!(&error, MigrationError::Failed(failure, _) if failure.line == 3), "{error:?}"),
        }
        assert_eq!(standings(&set).await, ["applied", "applied", "pending"]);
        assert_eq!((count(&database, "parents").await, count(&database, "children").await), (1, 2));
        database.close().await;
    }

    async fn a_file_with_rows_is_copied_before_its_first_change(test: TestDatabase) {
        let database = test.open();
        let first = migrator(&database, &[BASELINE, FAMILY]).up(&UpOptions::default()).await.unwrap();
        assert_eq!(first.backup, None, "there was nothing to lose");
        let set = migrator(&database, &[BASELINE, FAMILY, LATER]);
        let report = set.up(&UpOptions::default()).await.unwrap();
        match test.engine() {
            Engine::Postgres => assert_eq!(report.backup, None),
            Engine::Sqlite => {
                let file = report.backup.unwrap();
                let copy = format!("sqlite:{}", file.display()).parse().unwrap();
                let config = twinbase::config::DatabaseConfig { url: Some(copy), ..test.config() };
                let copy = Database::new(&config).unwrap();
                assert_eq!(count(&copy, "children").await, 2);
                assert!(sqlx::query("SELECT 1 FROM later").execute(copy.pool()).await.is_err());
                copy.close().await;
            }
        }
        // Nothing to apply, nothing to copy; and the setting turns it off.
        assert_eq!(set.up(&UpOptions::default()).await.unwrap().backup, None);
        let more = ("20260401090000_more.sql", "CREATE TABLE more (id BIGINT);\n");
        let settings = MigrateConfig { backup: false, ..MigrateConfig::default() };
        let set = with_settings(&database, &[BASELINE, FAMILY, LATER, more], &settings);
        let report = set.up(&UpOptions::default()).await.unwrap();
        assert_eq!((report.backup, report.applied.len()), (None, 1));
        database.close().await;
    }
}

#[test]
fn a_copy_that_cannot_be_made_stops_the_migration_before_it_begins() {
    twinbase::testing::run(Engine::Sqlite, |test| async move {
        let database = test.open();
        migrator(&database, &[BASELINE, FAMILY])
            .up(&UpOptions::default())
            .await
            .unwrap();
        let set = migrator(&database, &[BASELINE, FAMILY, LATER]);
        let taken = test.url().sqlite_file().unwrap().with_file_name("copy.db");
        std::fs::write(&taken, "something else").unwrap();
        let error = migration_error(set.back_up(Some(&taken)).await.unwrap_err());
        assert!(matches!(&error, MigrationError::Backup { .. }), "{error:?}");
        assert_eq!(std::fs::read_to_string(&taken).unwrap(), "something else");
        // A file beside the database can't be made where its name is too long.
        let long = test
            .url()
            .sqlite_file()
            .unwrap()
            .with_file_name(format!("{}.db", "x".repeat(240)));
        std::fs::copy(test.url().sqlite_file().unwrap(), &long).unwrap();
        let url = format!("sqlite:{}", long.display()).parse().unwrap();
        let config = twinbase::config::DatabaseConfig {
            url: Some(url),
            ..test.config()
        };
        database.close().await;
        let database = Database::new(&config).unwrap();
        let set = database
            .migrator(
                &migrations(&[BASELINE, FAMILY, LATER]),
                &MigrateConfig::default(),
            )
            .unwrap();
        let error = migration_error(set.up(&UpOptions::default()).await.unwrap_err());
        assert!(
            matches!(
                &error,
                MigrationError::Backup { .. } | MigrationError::LockFile { .. }
            ),
            "{error:?}"
        );
        assert_eq!(standings(&set).await, ["applied", "applied", "pending"]);
        database.close().await;
    });
}
