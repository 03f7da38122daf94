use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection as _, Executor as _};
use twinbase::config::Engine;
use twinbase::testing::{PostgresServer, server_url};

use crate::program::{program, run, text};

/// A folder with a pair of variants whose directions differ.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for side in ["migrations/postgres", "migrations/sqlite"] {
        std::fs::create_dir_all(folder.path().join(side)).unwrap();
    }
    for (name, sql) in [
        (
            "20260101000000_shops.up.sql",
            "CREATE TABLE shops (id BIGINT PRIMARY KEY, name TEXT);\n",
        ),
        ("20260101000000_shops.down.sql", "DROP TABLE shops;\n"),
        (
            "postgres/20260201000000_names.sql",
            "CREATE INDEX names ON shops (name DESC);\n",
        ),
        (
            "sqlite/20260201000000_names.sql",
            "CREATE INDEX names ON shops (name);\n",
        ),
        (
            "20260301000000_later.sql",
            "CREATE TABLE later (id BIGINT);\n",
        ),
    ] {
        std::fs::write(folder.path().join("migrations").join(name), sql).unwrap();
    }
    folder
}

fn allow(folder: &Path, text: &str) {
    std::fs::write(folder.join("migrations/parity.toml"), text).unwrap();
}

fn parity(folder: &Path, words: &[&str]) -> Command {
    parity_on(&server_url("postgres"), folder, words)
}

fn parity_on(server: &str, folder: &Path, words: &[&str]) -> Command {
    let mut command = program(folder);
    command.args([
        "migrate",
        "--dir",
        "migrations",
        "parity",
        "--scratch",
        server,
    ]);
    command.args(words);
    command
}

/// Looks at the exit code and gives what was printed, or the error.
#[track_caller]
fn ends(output: &Output, code: i32) -> String {
    let (said, printed) = (text(&output.stderr), text(&output.stdout));
    assert_eq!(output.status.code(), Some(code), "{said}{printed}");
    if code == 1 { said } else { printed }
}

const ALLOWED: &str = "[[allow]]\nobject = \"shops.names\"\nwhat = \"direction\"\nreason = \"SQLite reads it backwards\"\n";

async fn names(server: &str, query: &str) -> Vec<String> {
    twinbase::driver::install().unwrap();
    let mut server = AnyConnection::connect(server).await.unwrap();
    let rows = server
        .fetch_all(sqlx::AssertSqlSafe(query.to_owned()))
        .await
        .unwrap();
    server.close().await.unwrap();
    rows.iter().map(|row| sqlx::Row::get(row, 0)).collect()
}

#[test]
fn the_command_prints_a_line_a_version_and_its_exit_code_is_that_of_drift() {
    twinbase::testing::run(Engine::Postgres, |_| async {
        // Its own: what the others make and drop meanwhile is not to be seen.
        let server = PostgresServer::start().unwrap();
        let (url, folder) = (server.url("postgres"), folder());
        let said = ends(&run(&mut parity_on(&url, folder.path(), &[])), 4);
        assert_eq!(
            said,
            "20260101000000 shops: alike (1 table)\n\
             20260201000000 names: 1 difference begins\n\
             \x20 shops.names direction: (name DESC) on PostgreSQL, (name) on SQLite\n\
             20260301000000 later: nothing new, 1 from before\n"
        );
        let said = ends(&run(&mut parity_on(&url, folder.path(), &["--json"])), 4);
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(said["outcome"], "drift");
        assert_eq!(
            said["versions"][1],
            json!({"version": 20_260_201_000_000_i64, "description": "names", "tables": 1, "standing": 1, "allowed": [],
                "differences": [{"object": "shops.names", "what": "direction", "postgres": "(name DESC)", "sqlite": "(name)", "certain": true}]})
        );

        allow(folder.path(), ALLOWED);
        let said = ends(&run(&mut parity_on(&url, folder.path(), &[])), 0);
        assert!(
            said.contains("names: alike (1 table)\n  meant: shops.names direction: "),
            "{said}"
        );
        assert!(said.contains(": SQLite reads it backwards\n"), "{said}");
        let said: Value = serde_json::from_str(&ends(
            &run(&mut parity_on(&url, folder.path(), &["--json"])),
            0,
        ))
        .unwrap();
        assert_eq!(said["outcome"], "done");
        assert_eq!(
            said["versions"][1]["allowed"][0]["reason"],
            "SQLite reads it backwards"
        );

        allow(
            folder.path(),
            &format!("{ALLOWED}{}", ALLOWED.replace("direction", "parts")),
        );
        let said = ends(&run(&mut parity_on(&url, folder.path(), &[])), 4);
        assert!(said.ends_with("parity.toml, line 5: stale: shops.names has no such difference (parts); remove the entry\n"), "{said}");
        allow(folder.path(), &ALLOWED.replace("reason", "#"));
        let said = ends(&run(&mut parity_on(&url, folder.path(), &[])), 1);
        assert!(
            said.contains("error: parity.toml, line 1: [[allow]] has no reason"),
            "{said}"
        );
        let left = names(&url, "SELECT CAST(datname AS TEXT) FROM pg_database WHERE datname LIKE 'twinbase\\_scratch%'").await;
        assert_eq!(left, Vec::<String>::new(), "scratch databases are dropped");
    });
}

#[test]
fn a_version_that_fails_is_told_with_its_engine() {
    twinbase::testing::run(Engine::Postgres, |_| async {
        let folder = folder();
        let bad = folder.path().join("migrations/20260401000000_bad.sql");
        for (sql, engine) in [
            ("SELECT sqlite_version();\n", "postgres"),
            ("SELECT pg_backend_pid();\n", "sqlite"),
        ] {
            std::fs::write(&bad, sql).unwrap();
            let output = run(&mut parity(folder.path(), &[]));
            assert_eq!(output.status.code(), Some(7));
            let said = text(&output.stderr);
            assert!(
                said.contains("migration 20260401000000_bad.sql failed"),
                "{said}"
            );
            let named =
                format!("a migration fails on this engine engine={engine} version=20260401000000");
            assert!(said.contains(&named), "{said}");
        }
    });
}

#[test]
fn the_other_commands_pass_over_the_file() {
    twinbase::testing::run(Engine::Postgres, |_| async {
        let folder = folder();
        allow(folder.path(), ALLOWED);
        let migrate = |words: &[&str]| {
            let mut command = program(folder.path());
            command.args(["migrate", "--dir", "migrations"]).args(words);
            ends(&run(command.env("DATABASE_URL", "sqlite:x.db")), 0)
        };
        migrate(&["up"]);
        migrate(&["check"]);
        migrate(&["render", "--engine", "sqlite", "--out", "flat"]);
        assert!(!folder.path().join("flat/parity.toml").exists());
        // It belongs into the folder itself.
        std::fs::rename(
            folder.path().join("migrations/parity.toml"),
            folder.path().join("migrations/sqlite/parity.toml"),
        )
        .unwrap();
        let said = ends(&run(&mut parity(folder.path(), &[])), 1);
        assert!(
            said.contains("sqlite/parity.toml: the name is not"),
            "{said}"
        );
    });
}

twinbase::on_both_engines! {
    async fn the_configured_database_is_never_touched(database: TestDatabase) {
        let folder = folder();
        allow(folder.path(), ALLOWED);
        let configured = database.open();
        let kept = "CREATE TABLE shops (id BIGINT)";
        sqlx::query(kept).execute(configured.pool()).await.unwrap();
        let file = database.url().sqlite_file();
        let before = file.map(|file| std::fs::read(file).unwrap());
        ends(&run(parity(folder.path(), &[]).env("DATABASE_URL", database.url().expose())), 0);
        assert_eq!(file.map(|file| std::fs::read(file).unwrap()), before);
        let tables = match database.engine() {
            Engine::Sqlite => "SELECT name FROM sqlite_master ORDER BY name",
            Engine::Postgres => "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public'",
        };
        let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(configured.pool()).await.unwrap();
        assert_eq!(tables, ["shops"]);
        configured.close().await;
        if database.engine() == Engine::Postgres {
            let url = database.url().expose();
            let mut command = program(folder.path());
            command.args(["migrate", "--dir", "migrations", "parity", "--scratch", url]).env("DATABASE_URL", url);
            let said = ends(&run(&mut command), 1);
            assert!(said.contains("--scratch is the configured database"), "{said}");
        }
        // Nor is one made where there was none.
        let mut command = parity(folder.path(), &[]);
        ends(&run(command.env("DATABASE_URL", "sqlite:none.db")), 0);
        assert!(!folder.path().join("none.db").exists());
    }
}

#[test]
fn a_build_with_the_harness_starts_a_server_by_itself() {
    twinbase::testing::run(Engine::Postgres, |_| async {
        let folder = folder();
        allow(folder.path(), ALLOWED);
        let mut command = program(folder.path());
        command.args(["migrate", "--dir", "migrations", "parity"]);
        for name in ["PATH", "PG_BINDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        ends(&run(&mut command), 0);
    });
}
