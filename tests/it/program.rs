use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use twinbase::config::Engine;
use twinbase::testing::request;

/// The program in a folder, with nothing of this process's environment.
pub(crate) fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twinbase"));
    command
        .current_dir(folder)
        .env_clear()
        .env("TWINBASE_SERVER__LISTEN", "127.0.0.1:0");
    // Coverage is written where the run that measures it wants it.
    if let Some(profile) = std::env::var_os("LLVM_PROFILE_FILE") {
        command.env("LLVM_PROFILE_FILE", profile);
    }
    command
}

pub(crate) fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A program that serves, and ends with the test.
pub(crate) struct Serving {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) banner: String,
}

impl Serving {
    /// Starts it and reads its banner.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        let mut banner = String::new();
        let address = loop {
            let Some(line) = lines.next() else {
                let output = child.wait_with_output().unwrap();
                panic!("no banner: {banner}\n{}", text(&output.stderr));
            };
            let line = line.unwrap();
            banner.push_str(&line);
            banner.push('\n');
            if let Some((_, address)) = line.split_once("serving     http://") {
                break address.parse().unwrap();
            }
        };
        banner.push_str(&lines.next().unwrap().unwrap());
        Self {
            child,
            address,
            banner,
        }
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .args([&format!("-{signal}"), &self.child.id().to_string()])
            .status();
        assert!(status.unwrap().success());
    }

    /// Waits for the end; gives the exit code, what was logged, and how long it took.
    pub(crate) fn wait(mut self) -> (Option<i32>, String, Duration) {
        let started = Instant::now();
        let mut child = std::mem::replace(&mut self.child, Command::new("true").spawn().unwrap());
        let stderr = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || std::io::read_to_string(stderr).unwrap());
        let status = child.wait().unwrap();
        (status.code(), log.join().unwrap(), started.elapsed())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn in_an_empty_folder_it_serves_on_sqlite_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(&mut program(folder.path()));
    for part in [
        "SQLite",
        "twinbase.db",
        "20260101000000 baseline (1 applied now)",
        "/docs",
    ] {
        assert!(
            serving.banner.contains(part),
            "no {part:?} in {}",
            serving.banner
        );
    }
    assert!(folder.path().join("twinbase.db").is_file());
    serving.signal("TERM");
    let (code, log, _) = serving.wait();
    assert_eq!(code, Some(0));
    let said = log
        .lines()
        .filter(|line| line.contains("WARN") && line.contains("twinbase.db"))
        .count();
    assert_eq!(
        said, 1,
        "one warning that SQLite was chosen, and where: {log}"
    );
    assert!(log.contains("stopped: the pool is closed"), "{log}");
}

#[tokio::test]
async fn the_size_of_the_write_ahead_log_is_a_metric_from_the_start_on() {
    async fn told(serving: &Serving) -> Option<u64> {
        let answer = request(serving.address, "GET /metrics", &[], b"").await;
        let line = |line: &str| {
            Some(
                line.strip_prefix("twinbase_sqlite_wal_bytes ")?
                    .parse()
                    .unwrap(),
            )
        };
        answer.body.lines().find_map(line)
    }
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(&mut program(folder.path()));
    let file = folder.path().join("twinbase.db-wal");
    let size = || fs::metadata(&file).map_or(0, |metadata| metadata.len());
    let agrees = async || {
        let deadline = Instant::now() + Duration::from_secs(10);
        while told(&serving).await != Some(size()) {
            assert!(
                Instant::now() < deadline,
                "{:?}, not {}",
                told(&serving).await,
                size()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    agrees().await;
    // Another process writes to the same file, and stays, so that the log does too.
    let url = format!("sqlite://{}", folder.path().join("twinbase.db").display());
    let config = twinbase::config::DatabaseConfig {
        url: Some(url.parse().unwrap()),
        ..Default::default()
    };
    let beside = twinbase::database::Database::new(&config).unwrap();
    let before = size();
    for sql in [
        "CREATE TABLE wide (bytes BYTEA)",
        "INSERT INTO wide VALUES (zeroblob(1000000))",
    ] {
        sqlx::query(sql).execute(beside.writer()).await.unwrap();
    }
    assert!(size() > before + 1_000_000, "{} after {before}", size());
    agrees().await;
    beside.close().await;
}

#[test]
fn a_second_start_finds_nothing_to_apply() {
    let folder = tempfile::tempdir().unwrap();
    for banner in ["baseline (1 applied now)", "baseline\n"] {
        let serving = Serving::start(&mut program(folder.path()));
        assert!(serving.banner.contains(banner), "{}", serving.banner);
        serving.signal("INT");
        assert_eq!(serving.wait().0, Some(0));
    }
}

#[test]
fn json_logs_are_an_object_a_line_and_there_is_no_banner() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("twinbase.toml"),
        "[log]\nformat = \"json\"\n",
    )
    .unwrap();
    let mut child = program(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let mut seen = Vec::new();
    for line in lines.by_ref() {
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        seen.push(object["message"].as_str().unwrap().to_owned());
        if seen.iter().any(|m| m.starts_with("ready"))
            && seen.iter().any(|m| m.starts_with("serving"))
        {
            break;
        }
    }
    let stop = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(stop.success());
    for line in lines {
        serde_json::from_str::<serde_json::Value>(&line).unwrap();
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), "");
}

twinbase::on_both_engines! {
    async fn the_same_binary_serves_either_engine_and_stops_within_the_time(database: TestDatabase) {
        let folder = tempfile::tempdir().unwrap();
        let mut command = program(folder.path());
        command.env("DATABASE_URL", database.url().expose());
        let serving = Serving::start(&mut command);
        assert!(serving.banner.contains(database.engine().name()), "{}", serving.banner);
        let answer = request(serving.address, "GET /api/v1/ready", &[], &[]).await;
        assert_eq!(answer.body, r#"{"ready":true,"dependencies":{"db":"connected","redis":"unknown"}}"#);
        // Nobody has used a lane yet.
        let metrics = request(serving.address, "GET /metrics", &[], &[]).await.body;
        let pools: &[&str] = match database.engine() {
            Engine::Sqlite => &["reader", "writer"],
            Engine::Postgres => &["primary"],
        };
        for (figure, pool) in ["twinbase_pool_size", "twinbase_pool_timeouts_total"].iter().flat_map(|f| pools.iter().map(move |p| (f, p))) {
            let line = format!("\n{figure}{{pool=\"{pool}\"}} 0\n");
            assert!(metrics.contains(&line), "no {line} in {metrics}");
        }
        // A connection that idles must not hold the stop up.
        let idle = std::net::TcpStream::connect(serving.address).unwrap();
        serving.signal("TERM");
        let (code, log, took) = serving.wait();
        drop(idle);
        assert_eq!(code, Some(0), "{log}");
        assert!(took < Duration::from_secs(10), "{took:?}");
        assert!(!folder.path().join("twinbase.db").exists(), "a SQLite file appeared");
    }

    async fn migrate_up_and_status_say_what_they_did(database: TestDatabase) {
        let folder = tempfile::tempdir().unwrap();
        let migrate = |word: &str| {
            let url = database.url().expose();
            let output = run(program(folder.path()).args(["migrate", word]).env("DATABASE_URL", url));
            assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
            text(&output.stdout)
        };
        assert!(migrate("up").starts_with("applied 20260101000000 baseline"));
        assert_eq!(migrate("up"), "nothing to apply: the schema is current\n");
        assert_eq!(migrate("status"), "20260101000000 applied    baseline\n");
    }
}
