use twinbase::config::{Engine, MigrateConfig, OnStart};
use twinbase::database::Database;
use twinbase::migration::{MigrationError, Repair, Standing, UpOptions};
use twinbase::testing::TestApplication;

use super::{BASELINE, LATER, SIGNALS, migration_error, migrations, migrator, standings};

fn out_of_order() -> UpOptions {
    UpOptions {
        allow_out_of_order: true,
        ..UpOptions::default()
    }
}

const COMPATIBLE: (&str, &str) = (
    LATER.0,
    "-- compatible: a new table, which older programs do not know\nCREATE TABLE later (id BIGINT);\n",
);

twinbase::on_both_engines! {
    async fn a_changed_file_is_refused_with_the_difference_and_repair_takes_it_over(database: TestDatabase) {
        let database = database.open();
        migrator(&database, &[BASELINE, SIGNALS]).up(&UpOptions::default()).await.unwrap();
        let changed = migrator(&database, &[BASELINE, (SIGNALS.0, "CREATE TABLE signals (\n  id BIGINT NOT NULL PRIMARY KEY);\n")]);
        let error = migration_error(changed.up(&UpOptions::default()).await.unwrap_err());
        assert!(matches!(&error, MigrationError::Changed { path, .. } if path == SIGNALS.0), "{error:?}");
        assert_eq!(error.details().unwrap().lines().collect::<Vec<_>>(), [
            "--- what was applied",
            "+++ 20260210120000_add_signals.sql",
            "-CREATE TABLE signals (id BIGINT NOT NULL PRIMARY KEY);",
            "+CREATE TABLE signals (",
            "+  id BIGINT NOT NULL PRIMARY KEY);",
        ]);
        assert_eq!(standings(&changed).await, ["applied", "changed"]);
        assert_eq!(changed.repair(20_260_210_120_000, None).await.unwrap(), Repair::Applied);
        assert_eq!(standings(&changed).await, ["applied", "applied"]);
        let sound = migration_error(changed.repair(20_260_210_120_000, None).await.unwrap_err());
        assert!(matches!(sound, MigrationError::Sound(..)), "{sound:?}");
        assert!(changed.up(&UpOptions::default()).await.unwrap().applied.is_empty());
        database.close().await;
    }

    async fn line_ends_alone_are_no_difference(database: TestDatabase) {
        let engine = database.engine();
        let database = database.open();
        let set = migrator(&database, &[BASELINE, SIGNALS]);
        set.up(&UpOptions::default()).await.unwrap();
        // What sqlx records on a check-out with CR LF, and has no record of ours.
        let text = migrations(&[SIGNALS]).plan(engine).unwrap()[0].up.replace('\n', "\r\n");
        let crlf = sqlx::migrate::Migration::new(0, "".into(), sqlx::migrate::MigrationType::Simple,
            sqlx::SqlSafeStr::into_sql_str(sqlx::AssertSqlSafe(text)), false);
        sqlx::query("UPDATE _sqlx_migrations SET checksum = $1 WHERE version = $2")
            .bind(crlf.checksum.to_vec()).bind(20_260_210_120_000_i64)
            .execute(database.pool()).await.unwrap();
        sqlx::query("DELETE FROM _twinbase_migrations").execute(database.pool()).await.unwrap();
        assert_eq!(standings(&set).await, ["applied", "applied"]);
        database.close().await;
    }

    async fn a_newer_translator_changes_no_applied_version(database: TestDatabase) {
        let database = database.open();
        let set = migrator(&database, &[BASELINE, SIGNALS]);
        set.up(&UpOptions::default()).await.unwrap();
        // As an older translator would have left it: another text ran, of the same source.
        let older = sqlx::migrate::Migration::new(0, "".into(), sqlx::migrate::MigrationType::Simple,
            sqlx::SqlSafeStr::into_sql_str("CREATE TABLE signals (id BIGINT)"), false);
        sqlx::query("UPDATE _sqlx_migrations SET checksum = $1 WHERE version = 20260210120000")
            .bind(older.checksum.to_vec()).execute(database.pool()).await.unwrap();
        sqlx::query("UPDATE _twinbase_migrations SET translator = 1, applied_sql = $1 WHERE version = 20260210120000")
            .bind("CREATE TABLE signals (id BIGINT)").execute(database.pool()).await.unwrap();
        assert_eq!(standings(&set).await, ["applied", "applied"]);
        assert!(set.up(&UpOptions::default()).await.unwrap().applied.is_empty());
        // Without its record it could be any text.
        sqlx::query("DELETE FROM _twinbase_migrations").execute(database.pool()).await.unwrap();
        assert_eq!(standings(&set).await, ["applied", "changed"]);
        database.close().await;
    }

    async fn an_unknown_version_is_refused(database: TestDatabase) {
        let database = database.open();
        migrator(&database, &[BASELINE, SIGNALS]).up(&UpOptions::default()).await.unwrap();
        let other = migrator(&database, &[BASELINE, LATER]);
        let error = migration_error(other.up(&UpOptions::default()).await.unwrap_err());
        assert!(matches!(error, MigrationError::Unknown { version: 20_260_210_120_000, .. }), "{error:?}");
        assert_eq!(standings(&other).await, ["applied", "unknown", "pending"]);
        database.close().await;
    }

    async fn a_version_merged_late_is_refused_with_the_list_and_applied_on_request(database: TestDatabase) {
        let database = database.open();
        migrator(&database, &[BASELINE, LATER]).up(&UpOptions::default()).await.unwrap();
        let all = migrator(&database, &[BASELINE, SIGNALS, LATER]);
        let error = migration_error(all.up(&UpOptions::default()).await.unwrap_err());
        let line = error.to_string();
        assert!(line.contains("20260210120000 (add signals)") && line.contains("--allow-out-of-order"), "{line}");
        assert_eq!(standings(&all).await, ["applied", "late", "applied"]);
        let report = all.up(&out_of_order()).await.unwrap();
        assert_eq!(report.applied.len(), 1);
        assert_eq!(report.current.unwrap().0, 20_260_301_090_000);
        assert_eq!(standings(&all).await, ["applied", "applied", "applied"]);
        database.close().await;
    }

    async fn a_newer_database_is_refused_unless_its_migrations_say_otherwise(database: TestDatabase) {
        let database = database.open();
        migrator(&database, &[BASELINE, SIGNALS]).up(&UpOptions::default()).await.unwrap();
        let older = migrator(&database, &[BASELINE]);
        let error = migration_error(older.up(&UpOptions::default()).await.unwrap_err());
        assert!(matches!(&error, MigrationError::Newer { versions } if versions[0].0 == 20_260_210_120_000), "{error:?}");
        assert_eq!(standings(&older).await, ["applied", "newer"]);

        let middle = migrator(&database, &[BASELINE, SIGNALS]);
        migrator(&database, &[BASELINE, SIGNALS, COMPATIBLE]).up(&UpOptions::default()).await.unwrap();
        assert!(middle.up(&UpOptions::default()).await.unwrap().applied.is_empty());
        assert_eq!(standings(&middle).await, ["applied", "applied", "compatible"]);
        database.close().await;
    }

    async fn a_populated_database_without_history_is_refused(database: TestDatabase) {
        let database = database.open();
        sqlx::query("CREATE TABLE guests (id BIGINT)").execute(database.pool()).await.unwrap();
        let set = migrator(&database, &[BASELINE, SIGNALS]);
        let error = migration_error(set.up(&UpOptions::default()).await.unwrap_err());
        assert!(matches!(&error, MigrationError::Unmanaged { tables } if tables == &["guests"]), "{error:?}");
        assert!(error.to_string().contains("twinbase migrate baseline --detect"), "{error}");
        assert_eq!(standings(&set).await, ["pending", "pending"]);
        let tables = "SELECT count(*) FROM guests";
        sqlx::query(tables).execute(database.pool()).await.unwrap();
        assert!(sqlx::query("SELECT 1 FROM _sqlx_migrations").execute(database.pool()).await.is_err());
        database.close().await;
    }

    async fn to_a_version_goes_no_further_and_a_version_that_is_not_there_is_an_error(database: TestDatabase) {
        let database = database.open();
        let set = migrator(&database, &[BASELINE, SIGNALS, LATER]);
        let to = |to| UpOptions { to: Some(to), ..UpOptions::default() };
        assert_eq!(set.up(&to(20_260_210_120_000)).await.unwrap().applied.len(), 2);
        assert_eq!(standings(&set).await, ["applied", "applied", "pending"]);
        let error = migration_error(set.up(&to(1)).await.unwrap_err());
        assert!(matches!(error, MigrationError::NoSuchVersion(1)), "{error:?}");
        database.close().await;
    }

    async fn what_another_tool_left_half_applied_is_dirty_until_it_is_repaired(database: TestDatabase) {
        let database = database.open();
        let set = migrator(&database, &[BASELINE, SIGNALS]);
        set.up(&UpOptions::default()).await.unwrap();
        let soil = "UPDATE _sqlx_migrations SET success = FALSE WHERE version = 20260210120000";
        sqlx::query(soil).execute(database.pool()).await.unwrap();
        let error = migration_error(set.up(&UpOptions::default()).await.unwrap_err());
        assert!(matches!(error, MigrationError::Dirty { version: 20_260_210_120_000, .. }), "{error:?}");
        assert!(error.to_string().contains("migrate repair --version 20260210120000"), "{error}");
        let error = migration_error(set.repair(20_260_210_120_000, None).await.unwrap_err());
        assert!(matches!(error, MigrationError::Ambiguous(_)), "{error:?}");
        set.repair(20_260_210_120_000, Some(Repair::Applied)).await.unwrap();
        assert_eq!(standings(&set).await, ["applied", "applied"]);
        sqlx::query(soil).execute(database.pool()).await.unwrap();
        sqlx::query("DROP TABLE signals").execute(database.pool()).await.unwrap();
        set.repair(20_260_210_120_000, Some(Repair::Pending)).await.unwrap();
        assert_eq!(set.up(&UpOptions::default()).await.unwrap().applied.len(), 1);
        database.close().await;
    }

    async fn with_check_and_wait_it_is_ready_once_someone_else_has_migrated(database: TestDatabase) {
        for on_start in [OnStart::Check, OnStart::Wait] {
            let mut config = TestApplication::config(database.config());
            config.migrate = MigrateConfig { on_start, ..MigrateConfig::default() };
            // The file has to be there: looking creates none.
            database.open().connect().await.unwrap();
            let set = migrations(&[BASELINE, SIGNALS]);
            let application = twinbase::service::Application::new(config).migrations(set.clone());
            let application = TestApplication::serve(application).await;
            let connected = async {
                while application.send("GET /api/v1/ready").await.json()["dependencies"]["db"] != "connected" {}
            };
            tokio::time::timeout(std::time::Duration::from_secs(10), connected).await.unwrap();
            assert_eq!(application.send("GET /api/v1/ready").await.status, 503);
            let lines = database.open().migration_status(&set).await.unwrap();
            assert!(lines.iter().all(|line| line.standing == Standing::Pending), "{lines:?}");
            database.open().migrate(&set).await.unwrap();
            application.until_ready_answers(200).await;
            application.stop().await;
            let pool = database.open();
            for table in ["signals", "_sqlx_migrations", "_twinbase_migrations"] {
                let drop = sqlx::AssertSqlSafe(format!("DROP TABLE {table}"));
                sqlx::query(drop).execute(pool.pool()).await.unwrap();
            }
            pool.close().await;
        }
    }

    async fn migrations_go_to_a_url_of_their_own(test: TestDatabase) {
        let mut config = test.config();
        config.migration_url = config.url.take();
        config.url = Some(match test.engine() {
            // Nobody is there, as behind a pooler that is down.
            Engine::Postgres => "postgres://me@127.0.0.1:9/nowhere".parse().unwrap(),
            Engine::Sqlite => "sqlite:/nowhere/at/all.db".parse().unwrap(),
        });
        let database = Database::new(&config).unwrap();
        let set = migrator(&database, &[BASELINE, SIGNALS]);
        assert_eq!(set.up(&UpOptions::default()).await.unwrap().applied.len(), 2);
        assert_eq!(standings(&set).await, ["applied", "applied"]);
        assert!(database.connect().await.is_err());
        database.close().await;
    }

    async fn a_running_program_goes_on_when_a_newer_one_migrates(test: TestDatabase) {
        let application = twinbase::service::Application::new(TestApplication::config(test.config()))
            .migrations(migrations(&[BASELINE, SIGNALS]));
        let application = TestApplication::serve(application).await;
        application.until_ready_answers(200).await;
        let newer = test.open();
        migrator(&newer, &[BASELINE, SIGNALS, LATER]).up(&UpOptions::default()).await.unwrap();
        if test.engine() == Engine::Postgres {
            // Its probe has to connect anew, and looks at the schema then.
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                       WHERE datname = current_database() AND pid <> pg_backend_pid()";
            sqlx::query(end).execute(newer.pool()).await.unwrap();
        }
        tokio::time::sleep(std::time::Duration::from_millis(600)).await;
        application.until_ready_answers(200).await;
        application.stop().await;
        // Started anew, it is told that it is too old.
        let older = twinbase::service::Application::new(TestApplication::config(test.config()))
            .migrations(migrations(&[BASELINE, SIGNALS]));
        let older = TestApplication::serve(older).await;
        let connected = async {
            while older.send("GET /api/v1/ready").await.json()["dependencies"]["db"] != "connected" {}
        };
        tokio::time::timeout(std::time::Duration::from_secs(10), connected).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert_eq!(older.send("GET /api/v1/ready").await.status, 503);
        older.stop().await;
        newer.close().await;
    }

    async fn with_off_the_schema_is_not_looked_at(database: TestDatabase) {
        let mut config = TestApplication::config(database.config());
        config.migrate.on_start = OnStart::Off;
        let application = twinbase::service::Application::new(config).migrations(migrations(&[SIGNALS]));
        let application = TestApplication::serve(application).await;
        application.until_ready_answers(200).await;
        let pool = application.database().pool();
        assert!(sqlx::query("SELECT 1 FROM signals").execute(pool).await.is_err());
        application.stop().await;
    }
}
