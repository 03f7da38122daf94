//! Processes that start at once on one database. A test program of its own: cargo runs it when the others
//! are done, and eighty processes would hold up what they measure.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::path::Path;
use std::process::{Command, Stdio};

use twinbase::testing::TestDatabase;

const FILES: [(&str, &str); 4] = [
    (
        "20260101000000_first.sql",
        "CREATE TABLE first (id BIGINT NOT NULL PRIMARY KEY);\n",
    ),
    (
        "20260102000000_second.sql",
        "CREATE TABLE second (id BIGINT);\nINSERT INTO second VALUES (1);\n",
    ),
    (
        "postgres/20260103000000_index.sql",
        "-- no-transaction\nCREATE INDEX CONCURRENTLY second_id ON second (id);\n",
    ),
    (
        "sqlite/20260103000000_index.sql",
        "CREATE INDEX second_id ON second (id);\n",
    ),
];

fn migrate(folder: &Path, database: &TestDatabase, word: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twinbase"));
    command
        .current_dir(folder)
        .env_clear()
        .args(["migrate", "--dir", "migrations", word])
        .env("DATABASE_URL", database.url().expose())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // Coverage is written where the run that measures it wants it.
    if let Some(profile) = std::env::var_os("LLVM_PROFILE_FILE") {
        command.env("LLVM_PROFILE_FILE", profile);
    }
    command
}

fn start_at_once(database: &TestDatabase, starters: usize) {
    let folder = tempfile::tempdir().unwrap();
    for (name, sql) in FILES {
        let file = folder.path().join("migrations").join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, sql).unwrap();
    }
    let running: Vec<_> = (0..starters)
        .map(|_| migrate(folder.path(), database, "up").spawn().unwrap())
        .collect();
    let mut applied = 0;
    for child in running {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let lines = String::from_utf8_lossy(&output.stdout);
        applied += lines.matches("applied 2026").count();
    }
    assert_eq!(applied, 3, "each version is applied once");
    let check = migrate(folder.path(), database, "check").output().unwrap();
    assert_eq!(check.status.code(), Some(0));
}

twinbase::on_both_engines! {
    async fn eight_processes_that_start_at_once_all_succeed(database: TestDatabase) {
        start_at_once(&database, 8);
    }

    async fn eighty_first_starts_at_once_are_eighty_successes(database: TestDatabase) {
        start_at_once(&database, 80);
    }
}
