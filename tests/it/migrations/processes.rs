use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::Connection as _;
use twinbase::config::Engine;
use twinbase::testing::TestDatabase;

use crate::program::{program, run, text};

/// Something that takes far longer than a test, and ends when its process does.
fn slow(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "SELECT pg_sleep(60);\n",
        Engine::Sqlite => {
            "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 2000000000) SELECT count(*) FROM n;\n"
        }
    }
}

fn migrate(folder: &Path, database: &TestDatabase, words: &[&str]) -> Command {
    let mut command = program(folder);
    command
        .args(["migrate", "--dir", "migrations"])
        .args(words)
        .env("DATABASE_URL", database.url().expose());
    command
}

/// Writes a folder of migrations in place of the one that is there.
fn write(folder: &Path, files: &[(&str, String)]) {
    let migrations = folder.join("migrations");
    let _ = std::fs::remove_dir_all(&migrations);
    for side in ["", "postgres", "sqlite"] {
        std::fs::create_dir_all(migrations.join(side)).unwrap();
    }
    for (name, sql) in files {
        std::fs::write(migrations.join(name), sql).unwrap();
    }
}

/// Runs it and gives its standard output; it has to end with this code.
fn expect(command: &mut Command, code: i32) -> String {
    let output = run(command);
    let said = text(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(code),
        "{said}{}",
        text(&output.stdout)
    );
    text(&output.stdout)
}

/// A run that is killed with the test, however that ends.
struct Running(Child);

impl Running {
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a run and waits until it says this, which is in the statement that a test is about.
fn start_until(command: &mut Command, sign: &str) -> Running {
    let mut child = command
        .env("TWINBASE_LOG__LEVEL", "debug")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut seen = String::new();
    loop {
        let Some(Ok(line)) = lines.next() else {
            panic!("it never said {sign:?}: {seen}");
        };
        if line.contains(sign) {
            break;
        }
        seen.push_str(&line);
        seen.push('\n');
    }
    // What it says from here on must not block it.
    std::thread::spawn(move || lines.count());
    Running(child)
}

const FIRST: &str = "CREATE TABLE first (id BIGINT NOT NULL PRIMARY KEY);\n";
const STATEMENTS: [&str; 3] = [
    "CREATE TABLE second (id BIGINT NOT NULL PRIMARY KEY);\n",
    "INSERT INTO second VALUES (1);\n",
    "CREATE TABLE third (id BIGINT);\n",
];

fn files(second: String) -> Vec<(&'static str, String)> {
    vec![
        ("20260101000000_first.up.sql", FIRST.to_owned()),
        (
            "20260101000000_first.down.sql",
            "DROP TABLE first;\n".to_owned(),
        ),
        ("20260102000000_second.up.sql", second),
        (
            "20260102000000_second.down.sql",
            "DROP TABLE third;\nDROP TABLE second;\n".to_owned(),
        ),
    ]
}

twinbase::on_both_engines! {
    async fn a_kill_in_any_statement_leaves_a_database_that_the_next_run_brings_up(database: TestDatabase) {
        let engine = database.engine();
        let folder = tempfile::tempdir().unwrap();
        for at in 0..=STATEMENTS.len() {
            let mut statements = STATEMENTS.map(str::to_owned).to_vec();
            statements.insert(at, slow(engine).to_owned());
            write(folder.path(), &files(statements.concat()));
            let sign = format!("line={} ", at + 1);
            let mut child = start_until(&mut migrate(folder.path(), &database, &["up"]), &format!("20260102000000 {sign}"));
            child.kill();

            // The first version is whole, the second has left nothing.
            write(folder.path(), &files(STATEMENTS.concat()));
            let status = expect(&mut migrate(folder.path(), &database, &["check"]), 3);
            assert!(status.starts_with("20260101000000 applied"), "{status}");
            let said = expect(&mut migrate(folder.path(), &database, &["up"]), 0);
            assert!(said.starts_with("applied 20260102000000") && said.lines().count() == 1, "{said}");
            expect(&mut migrate(folder.path(), &database, &["check"]), 0);
            expect(&mut migrate(folder.path(), &database, &["down", "--to", "0", "--yes"]), 0);
        }
    }

    async fn a_kill_outside_of_a_transaction_is_taken_up_or_said(database: TestDatabase) {
        let engine = database.engine();
        let folder = tempfile::tempdir().unwrap();
        let alone = |sqlite: &str| vec![
            ("20260101000000_first.sql", FIRST.to_owned()),
            ("postgres/20260102000000_alone.sql", "-- no-transaction\nCREATE INDEX CONCURRENTLY first_id ON first (id);\n".to_owned()),
            ("sqlite/20260102000000_alone.sql", format!("-- no-transaction\n{sqlite}")),
        ];
        write(folder.path(), &alone("VACUUM;\n"));
        expect(&mut migrate(folder.path(), &database, &["up", "--to", "20260101000000"]), 0);
        write(folder.path(), &alone(slow(engine)));
        // The index waits for a transaction that has written the table.
        let kit = database.open();
        let mut other = kit.connect().await.unwrap();
        let mut writing = other.begin_with("BEGIN").await.unwrap();
        if engine == Engine::Postgres {
            sqlx::query("INSERT INTO first VALUES (1)").execute(&mut *writing).await.unwrap();
        }
        let mut child = start_until(&mut migrate(folder.path(), &database, &["up"]), "running without a transaction");
        if engine == Engine::Postgres {
            // Until the server has made the half of it that a kill leaves behind.
            let there = "SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass('first_id') AND NOT indisvalid";
            let made = async {
                while sqlx::query_scalar::<_, i64>(there).fetch_one(kit.pool()).await.unwrap() == 0 {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), made).await.unwrap();
        }
        child.kill();
        expect(&mut migrate(folder.path(), &database, &["check"]), 8);
        writing.rollback().await.unwrap();
        match engine {
            Engine::Postgres => {
                let said = expect(&mut migrate(folder.path(), &database, &["up"]), 0);
                assert!(said.starts_with("applied 20260102000000"), "{said}");
                let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('first_id')";
                assert!(sqlx::query_scalar::<_, bool>(valid).fetch_one(kit.pool()).await.unwrap());
            }
            Engine::Sqlite => {
                let output = run(&mut migrate(folder.path(), &database, &["up"]));
                let said = text(&output.stderr);
                assert_eq!(output.status.code(), Some(8), "{said}");
                for part in ["`WITH RECURSIVE n", "repair --version 20260102000000 --as applied"] {
                    assert!(said.contains(part), "no {part:?} in {said}");
                }
                expect(&mut migrate(folder.path(), &database, &["repair", "--version", "20260102000000", "--as", "pending"]), 0);
                write(folder.path(), &alone("VACUUM;\n"));
                expect(&mut migrate(folder.path(), &database, &["up"]), 0);
            }
        }
        expect(&mut migrate(folder.path(), &database, &["check"]), 0);
        kit.close().await;
    }

    async fn whoever_holds_the_lock_is_named(database: TestDatabase) {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &files(slow(database.engine()).to_owned()));
        let mut first = migrate(folder.path(), &database, &["up"]);
        let mut child = start_until(first.env("DATABASE_APPLICATION_NAME", "the first"), "20260102000000 line=1 ");
        let mut second = migrate(folder.path(), &database, &["up", "--json"]);
        second.env("TWINBASE_MIGRATE__LOCK_TIMEOUT", "1s");
        let said = expect(&mut second, 6);
        child.kill();
        let object: serde_json::Value = serde_json::from_str(&said).unwrap();
        let holder = object["error"]["lock"]["holder"].as_str().unwrap();
        assert!(holder.contains("(the first) since 20"), "{holder}");
        match database.engine() {
            Engine::Sqlite => assert!(holder.starts_with(&format!("pid {} ", child.0.id())), "{holder}"),
            Engine::Postgres => assert!(holder.contains("running `SELECT pg_sleep(60)`"), "{holder}"),
        }
        // The lock ends with its process.
        write(folder.path(), &files(STATEMENTS.concat()));
        expect(&mut migrate(folder.path(), &database, &["up"]), 0);
    }
}
