use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use twinbase::config::Engine;
use twinbase::testing::{Binaries, TestDatabase, server_url};

use crate::program::{program, run, text};

const ITEMS: &str = "CREATE TABLE shops (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(80) NOT NULL UNIQUE);
CREATE TABLE items (
    id UUID PRIMARY KEY, shop BIGINT NOT NULL REFERENCES shops (id), name TEXT NOT NULL DEFAULT 'it''s; new',
    price NUMERIC(20,8), paid BOOLEAN NOT NULL DEFAULT FALSE, at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    due DATE, lines JSONB, bytes BYTEA, small SMALLINT, n INTEGER, weight DOUBLE PRECISION
); -- the last";

const FILES: [(&str, &str); 6] = [
    ("20260101000000_baseline.sql", "-- the start\n"),
    ("20260110000000_items.up.sql", ITEMS),
    (
        "20260110000000_items.down.sql",
        "DROP TABLE items;\nDROP TABLE shops;\n",
    ),
    (
        "postgres/20260120000000_index.sql",
        "-- no-transaction\nCREATE INDEX CONCURRENTLY items_due ON items (due)",
    ),
    (
        "sqlite/20260120000000_index.sql",
        "CREATE INDEX items_due ON items (due)",
    ),
    (
        "20260130000000_note.sql",
        "-- compatible: older programs do not read the column\nALTER TABLE items ADD COLUMN note TEXT;\n",
    ),
];

struct Kit<'a> {
    folder: tempfile::TempDir,
    database: &'a TestDatabase,
}

impl<'a> Kit<'a> {
    fn new(database: &'a TestDatabase) -> Self {
        let kit = Self {
            folder: tempfile::tempdir().unwrap(),
            database,
        };
        for side in ["", "postgres", "sqlite"] {
            std::fs::create_dir_all(kit.migrations().join(side)).unwrap();
        }
        for (name, sql) in FILES {
            kit.write(name, sql);
        }
        kit
    }

    fn migrations(&self) -> std::path::PathBuf {
        self.folder.path().join("migrations")
    }

    fn write(&self, name: &str, sql: &str) {
        std::fs::write(self.migrations().join(name), sql).unwrap();
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = program(self.folder.path());
        command
            .args(["migrate", "--dir", "migrations"])
            .args(words)
            .env("DATABASE_URL", self.database.url().expose());
        command
    }

    /// Runs it for its exit code and what it prints.
    fn says(&self, words: &[&str], code: i32) -> String {
        let output = run(&mut self.command(words));
        let said = text(&output.stderr);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{words:?}: {said}{}",
            text(&output.stdout)
        );
        text(&output.stdout)
    }

    fn object(&self, words: &[&str], code: i32) -> Value {
        let words: Vec<_> = words.iter().chain(&["--json"]).copied().collect();
        let said = self.says(&words, code);
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
    }
}

pub(super) fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

const PYTHON: &str = "import sqlite3, sys
sql = ''.join(line for line in sys.stdin if not line.startswith('.'))
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
last = connection.execute(sql).fetchall() if sql.startswith('SELECT') else connection.executescript(sql).fetchall()
print('\\n'.join('|'.join(map(str, row)) for row in last))";

/// Runs SQL with the engine's own program, and gives what that prints.
fn by_hand(database: &TestDatabase, sql: &str) -> String {
    let output = shell(database, sql);
    assert!(output.status.success(), "{}\n{sql}", text(&output.stderr));
    text(&output.stdout)
}

fn shell(database: &TestDatabase, sql: &str) -> std::process::Output {
    let mut command = match database.engine() {
        Engine::Postgres => {
            let mut command = Command::new(Binaries::find().unwrap().program("psql"));
            command.args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-d",
                database.url().expose(),
                "-f",
                "-",
            ]);
            command
        }
        Engine::Sqlite => {
            let file = database.url().sqlite_file().unwrap();
            if Command::new("sqlite3").arg("-version").output().is_ok() {
                let mut command = Command::new("sqlite3");
                command.arg(file);
                command
            } else {
                // Python has the same library, without the shell's own commands.
                let mut command = Command::new("python3");
                command.args(["-c", PYTHON]).arg(file);
                command
            }
        }
    };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; install psql and sqlite3"));
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), sql.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

twinbase::on_both_engines! {
    async fn the_commands_tell_each_state_by_their_exit_code(database: TestDatabase) {
        let kit = Kit::new(&database);
        let up = kit.object(&["up", "--to", "20260110000000"], 0);
        assert_eq!(up["applied"][1]["version"], 20_260_110_000_000_i64);
        let check = kit.object(&["check"], 3);
        assert_eq!(check["outcome"], "pending");
        assert_eq!(check["versions"][2]["standing"], "pending");
        assert_eq!(kit.object(&["status"], 0)["versions"], check["versions"]);

        let dry = kit.says(&["up", "--dry-run"], 0);
        assert!(dry.contains("ALTER TABLE items ADD COLUMN note TEXT"), "{dry}");
        assert_eq!(kit.object(&["check"], 3), check, "a dry run changed something");

        let up = kit.says(&["up"], 0);
        let applied = up.lines().filter(|line| line.starts_with("applied 2026"));
        assert_eq!(applied.count(), 2, "{up}");
        assert_eq!(kit.object(&["check"], 0)["outcome"], "current");
        let history = kit.object(&["history"], 0);
        assert_eq!(history["applied"][3]["compatible"], "older programs do not read the column");
        assert!(history["applied"][1]["took_ms"].is_u64(), "{history}");

        kit.write("20260130000000_note.sql", "ALTER TABLE items ADD COLUMN note TEXT NOT NULL DEFAULT '';\n");
        assert_eq!(kit.object(&["check"], 4)["outcome"], "drift");
        let error = run(&mut kit.command(&["up"]));
        assert_eq!(error.status.code(), Some(4));
        let said = text(&error.stderr);
        assert!(said.contains("\n-ALTER TABLE items ADD COLUMN note TEXT;\n+ALTER TABLE"), "{said}");

        std::fs::remove_file(kit.migrations().join("20260130000000_note.sql")).unwrap();
        assert_eq!(kit.object(&["check"], 0)["versions"][3]["standing"], "compatible");
        std::fs::remove_file(kit.migrations().join("postgres/20260120000000_index.sql")).unwrap();
        std::fs::remove_file(kit.migrations().join("sqlite/20260120000000_index.sql")).unwrap();
        assert_eq!(kit.object(&["check"], 5)["outcome"], "newer");
        assert_eq!(kit.object(&["up"], 5)["outcome"], "newer");
    }

    async fn a_failure_is_an_object_too(database: TestDatabase) {
        let kit = Kit::new(&database);
        kit.write("20260130000000_note.sql", "SELECT 1;\n\nINSERT INTO nowhere VALUES (1);\n");
        let failed = kit.object(&["up"], 7);
        assert_eq!(failed["done_before"].as_array().unwrap().len(), 3, "{failed}");
        let migration = &failed["error"]["migration"];
        assert_eq!((&migration["file"], &migration["line"]), (&"20260130000000_note.sql".into(), &3.into()));
        assert_eq!(migration["statement"], "INSERT INTO nowhere VALUES (1)");
        assert_eq!(migration["effect"], "was rolled back");
        assert!(migration["engine_says"].as_str().unwrap().contains("nowhere"), "{failed}");
        assert!(migration["next"].as_str().unwrap().contains("migrate up"), "{failed}");
    }

    async fn down_lists_without_yes_and_undoes_with_it(database: TestDatabase) {
        let kit = Kit::new(&database);
        kit.says(&["up", "--to", "20260110000000"], 0);
        let listed = kit.says(&["down"], 1);
        assert!(listed.starts_with("would undo 20260110000000 items\n"), "{listed}");
        kit.object(&["check"], 3);
        let undone = kit.object(&["down", "--steps", "1", "--yes"], 0);
        assert_eq!(undone["undone"][0]["version"], 20_260_110_000_000_i64);
        assert_eq!(kit.object(&["status"], 0)["versions"][1]["standing"], "pending");
    }

    async fn looking_opens_read_only_and_makes_no_file(database: TestDatabase) {
        let kit = Kit::new(&database);
        let place = match database.url().sqlite_file() {
            Some(file) => file.parent().unwrap().to_owned(),
            None => kit.folder.path().to_owned(),
        };
        let looks = [&["status"][..], &["history"], &["check"], &["up", "--dry-run"]];
        let before = names(&place);
        for words in looks {
            let code = run(&mut kit.command(words)).status.code();
            // A file that is not there is no database to look at.
            let expected = match (database.engine(), words[0]) {
                (Engine::Sqlite, _) => 9,
                (Engine::Postgres, "check") => 3,
                _ => 0,
            };
            assert_eq!(code, Some(expected), "{words:?}");
        }
        assert_eq!(names(&place), before);
        kit.says(&["up"], 0);
        let before = names(&place);
        for words in looks {
            kit.says(words, 0);
        }
        assert_eq!(names(&place), before);
    }

    async fn the_sql_runs_in_psql_and_sqlite3_and_status_agrees(database: TestDatabase) {
        let kit = Kit::new(&database);
        let engine = database.engine().to_string();
        // sqlite3 makes no table with a collation that it does not have, and it is told so.
        let all = kit.object(&["sql", "--engine", "sqlite"], 0);
        assert_eq!(all["not_for_sqlite3"], serde_json::json!([20_260_110_000_000_i64]));
        kit.write("20260110000000_items.up.sql", &ITEMS.replace("price NUMERIC(20,8), ", ""));
        let first = kit.says(&["sql", "--engine", &engine, "--to", "20260110000000"], 0);
        by_hand(&database, &first);
        assert_eq!(kit.object(&["check"], 3)["versions"][1]["standing"], "applied");
        by_hand(&database, &kit.says(&["sql", "--engine", &engine, "--from", "20260110000000"], 0));
        assert_eq!(kit.object(&["check"], 0)["outcome"], "current");
        assert_eq!(by_hand(&database, "SELECT count(*) FROM items;").trim(), "0");
        let other = if engine == "sqlite" { "postgres" } else { "sqlite" };
        assert_ne!(kit.says(&["sql", "--engine", other], 0), kit.says(&["sql"], 0));
    }

    async fn the_sql_stops_where_rows_would_be_orphaned(database: TestDatabase) {
        let kit = Kit::new(&database);
        kit.write("20260110000000_items.up.sql", &ITEMS.replace("price NUMERIC(20,8), ", ""));
        kit.write("20260130000000_note.sql", "INSERT INTO shops VALUES (1, 'one');
            INSERT INTO items (id, shop) VALUES ('0190163d-8694-739b-aea5-966c26f8ad91', 1);\n");
        let engine = database.engine().to_string();
        by_hand(&database, &kit.says(&["sql", "--engine", &engine], 0));
        kit.write("sqlite/20260201000000_lost.sql", "DROP TABLE shops;
            CREATE TABLE shops (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(80) NOT NULL UNIQUE);\n");
        kit.write("postgres/20260201000000_lost.sql", "DELETE FROM shops;\n");
        let lost = shell(&database, &kit.says(&["sql", "--engine", &engine, "--from", "20260130000000"], 0));
        assert!(!lost.status.success(), "{}", text(&lost.stdout));
        assert_eq!(kit.object(&["check"], 3)["versions"][4]["standing"], "pending");
        assert_eq!(by_hand(&database, "SELECT count(*) FROM shops;").trim(), "1");
    }

    async fn every_version_goes_up_down_and_up_with_rows_on_temporary_databases(database: TestDatabase) {
        let kit = Kit::new(&database);
        let engine = database.engine().to_string();
        let mut words = vec!["test", "--engine", &engine];
        let scratch = server_url("postgres");
        if database.engine() == Engine::Postgres {
            words.extend(["--scratch", &scratch]);
        }
        let said = kit.says(&words, 0);
        assert!(said.contains("20260110000000 items: up, down, up; rows in items, shops"), "{said}");
        let untouched = if engine == "sqlite" { 9 } else { 3 };
        kit.says(&["check"], untouched);

        kit.write("20260110000000_items.down.sql", "DROP TABLE items;\n");
        let output = run(&mut kit.command(&words));
        assert_eq!(output.status.code(), Some(4));
        let said = text(&output.stderr);
        assert!(said.contains("+table shops column id"), "what was not undone is told: {said}");
    }

    async fn what_is_rendered_is_what_ran(database: TestDatabase) {
        let kit = Kit::new(&database);
        let engine = database.engine().to_string();
        kit.says(&["up"], 0);
        let out = kit.folder.path().join("flat");
        let out = out.to_str().unwrap();
        for applied in [&[][..], &["--applied"]] {
            let words: Vec<_> = ["render", "--engine", &engine, "--out", out].into_iter().chain(applied.iter().copied()).collect();
            assert_eq!(kit.object(&words, 0)["files"].as_array().unwrap().len(), 5);
        }
        assert_eq!(names(Path::new(out)), [
            "20260101000000_baseline.sql", "20260110000000_items.down.sql", "20260110000000_items.up.sql",
            "20260120000000_index.sql", "20260130000000_note.sql",
        ].map(str::to_owned).into());
        std::fs::write(Path::new(out).join("20250101000000_old.sql"), "").unwrap();
        kit.says(&["render", "--engine", &engine, "--out", out], 1);
    }

    async fn an_existing_database_is_adopted_by_the_command(database: TestDatabase) {
        let kit = Kit::new(&database);
        kit.says(&["up", "--to", "20260110000000"], 0);
        by_hand(&database, "DROP TABLE _sqlx_migrations; DROP TABLE _twinbase_migrations;");
        assert_eq!(kit.object(&["up"], 4)["outcome"], "drift");
        assert_eq!(kit.object(&["check"], 4)["tables_without_history"], serde_json::json!(["items", "shops"]));
        let scratch = server_url("postgres");
        let mut words = vec!["baseline", "--detect"];
        if database.engine() == Engine::Postgres {
            words.extend(["--scratch", &scratch]);
        }
        assert_eq!(kit.object(&words, 0)["marked"].as_array().unwrap().len(), 2);
        kit.says(&["up"], 0);
        kit.says(&["check"], 0);
    }

    async fn backup_copies_a_file_and_names_the_tool_for_a_server(database: TestDatabase) {
        let kit = Kit::new(&database);
        kit.says(&["up"], 0);
        let copy = kit.folder.path().join("copy.db");
        let output = run(&mut kit.command(&["backup", "--out", copy.to_str().unwrap()]));
        match database.engine() {
            Engine::Sqlite => {
                assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
                assert!(copy.is_file());
            }
            Engine::Postgres => {
                assert_eq!(output.status.code(), Some(1));
                assert!(text(&output.stderr).contains("pg_dump"), "{}", text(&output.stderr));
            }
        }
    }
}
