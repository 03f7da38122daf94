use std::fs;
use std::path::Path;
use std::process::Command;

use twinbase::testing::{TestDatabase, request};

use crate::program::{Serving, program, run, text};

const PASSWORD: &str = "p%40ss%2Fword%231";

/// Runs it and expects one line on standard error with all of `parts`, and a failure.
fn assert_refused(command: &mut Command, parts: &[&str]) {
    assert_ends(command, 1, parts);
}

/// As `assert_refused`, with the code for a database that can't be reached.
fn assert_unreachable(command: &mut Command, parts: &[&str]) {
    assert_ends(command, 9, parts);
}

fn assert_ends(command: &mut Command, code: i32, parts: &[&str]) {
    let output = run(command);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    let errors: Vec<_> = said
        .lines()
        .filter(|line| !line.contains("WARN") && !line.starts_with("warning"))
        .collect();
    assert_eq!(errors.len(), 1, "one line: {said}");
    for part in parts {
        assert!(errors[0].contains(part), "no {part:?} in {}", errors[0]);
    }
}

/// `migrate up` fails with that line; `serve` serves 503 and logs the same.
async fn assert_degraded(prepare: impl Fn(&mut Command), folder: &Path, parts: &[&str]) {
    let mut migrate = program(folder);
    prepare(migrate.args(["migrate", "up"]));
    assert_unreachable(&mut migrate, parts);

    let mut serve = program(folder);
    prepare(&mut serve);
    let serving = Serving::start(&mut serve);
    let answer = request(serving.address, "GET /api/v1/ready", &[], &[]).await;
    assert_eq!(
        (answer.status, answer.json()["ready"].as_bool()),
        (503, Some(false))
    );
    assert_eq!(
        request(serving.address, "GET /api/v1/live", &[], &[])
            .await
            .status,
        200
    );
    serving.signal("TERM");
    let (code, log, _) = serving.wait();
    assert_eq!(code, Some(0), "{log}");
    let lines: Vec<_> = log
        .lines()
        .filter(|line| line.contains("not ready"))
        .collect();
    assert_eq!(lines.len(), 1, "one line for one thing: {log}");
    for part in parts {
        assert!(lines[0].contains(part), "no {part:?} in {}", lines[0]);
    }
}

#[test]
fn a_port_in_use_is_one_line_and_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert_refused(
        program(folder.path()).env("TWINBASE_SERVER__LISTEN", &address),
        &[
            &address,
            "another process has the port",
            "TWINBASE_SERVER__LISTEN",
        ],
    );
    assert!(
        !folder.path().join("twinbase.db").exists(),
        "it touched the database before it could serve"
    );
}

#[test]
fn a_broken_toml_is_one_line_with_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("twinbase.toml"),
        "[database]\npool_size = = 3\n",
    )
    .unwrap();
    assert_refused(&mut program(folder.path()), &["twinbase.toml", "line 2"]);
    assert_refused(
        program(folder.path()).args(["--config", "elsewhere.toml"]),
        &["elsewhere.toml"],
    );
}

#[test]
fn a_mistyped_or_empty_url_never_makes_a_file() {
    let folder = tempfile::tempdir().unwrap();
    for (url, part) in [
        ("postgers://me@db/app", "postgres"),
        ("", "empty"),
        ("mysql://me@db/app", "postgres"),
        ("app.db", "sqlite:"),
    ] {
        assert_refused(
            program(folder.path()).env("DATABASE_URL", url),
            &["DATABASE_URL", part],
        );
    }
    assert_refused(
        program(folder.path()).env("TWINBASE_DATABASE__REQUIRE", "postgres"),
        &["database.require", "TWINBASE_DATABASE__REQUIRE"],
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_file_that_is_no_database_a_missing_folder_and_a_folder_degrade_the_service() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(
        path.join("notes.txt"),
        "These are notes, not a database. ".repeat(50),
    )
    .unwrap();
    fs::create_dir(path.join("folder.db")).unwrap();
    for (url, parts) in [
        ("sqlite:notes.txt", ["notes.txt", "not a SQLite database"]),
        ("sqlite:nowhere/x.db", ["x.db", "the folder does not exist"]),
        ("sqlite:folder.db", ["folder.db", "that is a folder"]),
    ] {
        assert_degraded(
            |command| {
                command.env("DATABASE_URL", url);
            },
            path,
            &parts,
        )
        .await;
    }
    assert!(
        fs::read_to_string(path.join("notes.txt"))
            .unwrap()
            .starts_with("These are notes")
    );
}

/// As root nothing is forbidden, so the program then runs as another user.
#[cfg(unix)]
#[tokio::test]
async fn files_and_folders_without_permission_degrade_the_service() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let mode =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(path, 0o755);
    let root =
        fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0);
    // The binary may lie where that user can't reach it.
    let binary = path.join("twinbase");
    fs::copy(env!("CARGO_BIN_EXE_twinbase"), &binary).unwrap();
    let locked = path.join("locked");
    fs::create_dir(&locked).unwrap();
    fs::write(path.join("secret.db"), "").unwrap();
    mode(&path.join("secret.db"), 0o000);
    mode(&locked, 0o555);
    for url in ["sqlite:locked/x.db", "sqlite:secret.db"] {
        let mut command = Command::new(&binary);
        command
            .env_clear()
            .current_dir(path)
            .args(["migrate", "up"])
            .env("DATABASE_URL", url)
            // Under coverage it would complain that it can't write its profile here.
            .env("LLVM_PROFILE_FILE", "/dev/null");
        if root {
            command.uid(65534).gid(65534);
        }
        assert_unreachable(&mut command, &[&url[7..], "may not read or write"]);
    }
    mode(&locked, 0o755);
}

/// These are about a server; a file has no counterpart.
#[test]
fn a_wrong_password_an_unknown_database_and_refused_tls_degrade_the_service() {
    twinbase::testing::run(
        twinbase::config::Engine::Postgres,
        |database: TestDatabase| async move {
            let conn = database.open();
            // Another test may have made the role already.
            let _ = sqlx::query("CREATE ROLE guarded LOGIN SUPERUSER PASSWORD 'p@ss/word#1'")
                .execute(conn.pool())
                .await;
            conn.close().await;
            let url = database.url().expose();
            let (server, name) = url.rsplit_once('/').unwrap();
            let guarded =
                |password: &str| server.replace("postgres@", &format!("guarded:{password}@"));

            let folder = tempfile::tempdir().unwrap();
            let right = format!("{}/{name}", guarded(PASSWORD));
            let output = run(program(folder.path())
                .args(["migrate", "up"])
                .env("DATABASE_URL", &right));
            assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));

            let wrong = format!("{}/{name}", guarded("hunter2"));
            for (url, parts) in [
                (
                    wrong.as_str(),
                    ["guarded", "refused the user or the password"],
                ),
                (
                    &format!("{server}/no_such_database"),
                    ["no_such_database", "has no such database"],
                ),
                (&format!("{url}?sslmode=require"), ["sslmode", "TLS"]),
            ] {
                assert_degraded(
                    |command| {
                        command.env("DATABASE_URL", url);
                    },
                    folder.path(),
                    &parts,
                )
                .await;
            }
            let output = run(program(folder.path())
                .args(["migrate", "up"])
                .env("DATABASE_URL", &wrong));
            assert!(!text(&output.stderr).contains("hunter2"));
        },
    );
}
