use sqlx::Row as _;
use twinbase::config::Engine;
use twinbase::migration::{DownOptions, MigrationError, Undone, UpOptions};
use twinbase::telemetry::chain;

use super::{BASELINE, SIGNALS, migration_error, migrator, standings};

const REVERSIBLE: [(&str, &str); 4] = [
    (
        "20260210120000_add_signals.up.sql",
        "CREATE TABLE signals (id BIGINT NOT NULL PRIMARY KEY);\n",
    ),
    (
        "20260210120000_add_signals.down.sql",
        "DROP TABLE signals;\n",
    ),
    (
        "20260301090000_add_points.up.sql",
        "CREATE TABLE points (id BIGINT NOT NULL PRIMARY KEY);\n",
    ),
    ("20260301090000_add_points.down.sql", "DROP TABLE points;\n"),
];

twinbase::on_both_engines! {
    async fn a_failure_names_file_line_statement_and_what_became_of_it(database: TestDatabase) {
        let engine = database.engine();
        let database = database.open();
        let bad = ("20260210120000_bad.sql",
            "CREATE TABLE half (id BIGINT);\n\n-- then\nINSERT INTO half\n  VALUES (1);\nINSERT INTO nowhere\n  VALUES (1);\nSELECT 1;\n");
        let set = migrator(&database, &[BASELINE, bad]);
        let error = migration_error(set.up(&UpOptions::default()).await.unwrap_err());
        let line = chain(&error);
        assert!(!line.contains('\n'), "{line}");
        for part in ["20260210120000_bad.sql", "line 6", "`INSERT INTO nowhere VALUES (1)`", "was rolled back", "run `twinbase migrate up` again"] {
            assert!(line.contains(part), "no {part:?} in {line}");
        }
        let MigrationError::Failed(failure, _) = error else { panic!("{line}") };
        assert_eq!((failure.line, failure.undone), (6, Undone::RolledBack));
        assert_eq!(failure.statement, "INSERT INTO nowhere\n  VALUES (1)");
        assert_eq!(standings(&set).await, ["applied", "pending"]);
        assert!(sqlx::query("SELECT 1 FROM half").execute(database.pool()).await.is_err());
        if engine == Engine::Postgres {
            let held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' \
                        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            let row = sqlx::query(held).fetch_one(database.pool()).await.unwrap();
            assert_eq!(row.get::<i64, _>(0), 0, "the lock outlived the failure");
        }
        database.close().await;
    }

    async fn a_failure_at_the_commit_is_one_of_the_commit(database: TestDatabase) {
        let database = database.open();
        let bad = ("20260210120000_bad.sql",
            "CREATE TABLE parents (id BIGINT NOT NULL PRIMARY KEY);
             CREATE TABLE children (parent BIGINT REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED);
             INSERT INTO children VALUES (7);\n");
        let set = migrator(&database, &[BASELINE, bad]);
        let error = migration_error(set.up(&UpOptions::default()).await.unwrap_err());
        assert!(matches!(&error, MigrationError::Around { doing: "the commit", undone: Undone::RolledBack, .. }), "{error:?}");
        assert_eq!(standings(&set).await, ["applied", "pending"]);
        database.close().await;
    }

    async fn down_undoes_the_newest_first_and_as_many_as_asked(database: TestDatabase) {
        let database = database.open();
        let set = migrator(&database, &[BASELINE, REVERSIBLE[0], REVERSIBLE[1], REVERSIBLE[2], REVERSIBLE[3]]);
        let everything = UpOptions::default();
        let up = || set.up(&everything);
        let undone = |report: twinbase::migration::Report| report.applied.iter().map(|a| a.0).collect::<Vec<_>>();
        up().await.unwrap();
        let listed = set.to_undo(&DownOptions::default()).await.unwrap();
        assert_eq!(listed.iter().map(|step| step.version).collect::<Vec<_>>(), [20_260_301_090_000]);
        let report = set.down(&DownOptions::default()).await.unwrap();
        assert_eq!(report.current, Some((20_260_210_120_000, "add signals".to_owned())));
        assert_eq!(undone(report), [20_260_301_090_000]);
        assert_eq!(standings(&set).await, ["applied", "applied", "pending"]);
        assert!(sqlx::query("SELECT 1 FROM points").execute(database.pool()).await.is_err());
        up().await.unwrap();
        let to = DownOptions { to: Some(20_260_101_000_000), ..DownOptions::default() };
        assert_eq!(undone(set.down(&to).await.unwrap()), [20_260_301_090_000, 20_260_210_120_000]);
        up().await.unwrap();
        // The baseline has nothing that undoes it, so that nothing is undone.
        let all = DownOptions { to: Some(0), ..DownOptions::default() };
        let error = migration_error(set.down(&all).await.unwrap_err());
        assert!(matches!(&error, MigrationError::NoDown { path } if path == BASELINE.0), "{error:?}");
        assert_eq!(standings(&set).await, ["applied"; 3]);
        database.close().await;
    }

    async fn a_version_that_its_down_does_not_undo_fails_its_rehearsal_with_what_is_left(database: TestDatabase) {
        let database = database.open();
        let (up, down) = ("20260301090000_add_points.up.sql", "20260301090000_add_points.down.sql");
        let makes = "CREATE TABLE points (id BIGINT NOT NULL PRIMARY KEY);\nCREATE TABLE more (id BIGINT);\n";
        let set = migrator(&database, &[BASELINE, SIGNALS, (up, makes), (down, "DROP TABLE points;\n")]);
        let error = migration_error(set.rehearse().await.unwrap_err());
        let line = error.to_string();
        for part in ["20260301090000 (add points)", "after its down is not the one before it", "mend its `.down.sql`"] {
            assert!(line.contains(part), "no {part:?} in {line}");
        }
        let difference = error.details().unwrap();
        assert!(difference.lines().any(|line| line.starts_with("+table more column id")), "{difference}");
        assert!(!difference.contains("points"), "{difference}");
        database.close().await;
    }

    async fn a_down_that_fails_leaves_the_version_applied(database: TestDatabase) {
        let database = database.open();
        let set = migrator(&database, &[BASELINE, REVERSIBLE[0], ("20260210120000_add_signals.down.sql",
            "DROP TABLE signals;\nDROP TABLE nowhere;\n")]);
        set.up(&UpOptions::default()).await.unwrap();
        let error = migration_error(set.down(&DownOptions::default()).await.unwrap_err());
        let line = chain(&error);
        for part in ["add_signals.down.sql", "line 2", "run `twinbase migrate down` again"] {
            assert!(line.contains(part), "no {part:?} in {line}");
        }
        assert_eq!(standings(&set).await, ["applied", "applied"]);
        sqlx::query("SELECT 1 FROM signals").execute(database.pool()).await.unwrap();
        database.close().await;
    }

    async fn a_trigger_or_a_routine_is_one_statement(database: TestDatabase) {
        let database = database.open();
        let set = migrator(&database, &[SIGNALS,
            ("postgres/20260301090000_trigger.sql",
             "CREATE FUNCTION twice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := NEW.id * 2; RETURN NEW; END; $$;
              CREATE TRIGGER twice BEFORE INSERT ON signals FOR EACH ROW EXECUTE FUNCTION twice();\n"),
            ("sqlite/20260301090000_trigger.sql",
             "CREATE TRIGGER twice AFTER INSERT ON signals BEGIN
                UPDATE signals SET id = CASE WHEN id > 0 THEN id * 2 END WHERE id = NEW.id; SELECT 1; END;\n"),
        ]);
        set.up(&UpOptions::default()).await.unwrap();
        sqlx::query("INSERT INTO signals VALUES (4)").execute(database.pool()).await.unwrap();
        let row = sqlx::query("SELECT id FROM signals").fetch_one(database.pool()).await.unwrap();
        assert_eq!(row.get::<i64, _>(0), 8);
        database.close().await;
    }
}
