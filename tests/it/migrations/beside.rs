use std::process::Stdio;

use super::commands::names;
use crate::program::{program, run, text};

#[test]
fn new_makes_a_pair_of_files_above_every_version_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let migrate = |words: &[&str]| run(program(folder.path()).arg("migrate").args(words));
    let output = migrate(&["new", "Add the signals!"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let migrations = folder.path().join("migrations");
    let made = names(&migrations);
    assert_eq!(made.len(), 2);
    assert!(
        made.iter().all(|name| name.contains("_add_the_signals.")),
        "{made:?}"
    );
    std::fs::write(migrations.join("29990101000000_far.sql"), "-- far\n").unwrap();
    migrate(&["new", "search", "--variants"]);
    assert!(
        migrations
            .join("sqlite/29990101000001_search.down.sql")
            .is_file()
    );
    assert!(
        migrations
            .join("postgres/29990101000001_search.up.sql")
            .is_file()
    );
    let output = migrate(&["new", "ä"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn waiting_ends_with_the_server_s_answer_or_with_the_time() {
    let folder = tempfile::tempdir().unwrap();
    let started = std::time::Instant::now();
    let output = run(program(folder.path())
        .args(["migrate", "up", "--wait", "1s"])
        .env("DATABASE_URL", "postgres://me@127.0.0.1:9/db"));
    assert_eq!(output.status.code(), Some(9), "{}", text(&output.stderr));
    assert!(started.elapsed() >= std::time::Duration::from_secs(1));

    let server = twinbase::testing::PostgresServer::start().unwrap();
    server.stop();
    let mut waiting = program(folder.path())
        .args(["migrate", "up", "--wait", "60s"])
        .env("DATABASE_URL", server.url("postgres"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufReader::new(waiting.stdout.take().unwrap());
    server.start_again().unwrap();
    let mut said = String::new();
    std::io::Read::read_to_string(&mut lines, &mut said).unwrap();
    assert_eq!(waiting.wait().unwrap().code(), Some(0));
    assert!(said.starts_with("applied 20260101000000"), "{said}");
}
