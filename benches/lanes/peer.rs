//! A peer in a process of its own, which works when it is told to.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use super::turn::{Turn, Work};

/// The word that makes this program a peer.
pub(crate) const SERVE: &str = "peer";

/// The process. It ends when its input does.
pub(crate) struct Peer {
    child: Child,
    pipes: RefCell<(ChildStdin, BufReader<ChildStdout>)>,
}

impl Peer {
    /// This program with a pool of sqlx's own: `stock` is over `Any`, `native` without.
    pub(crate) fn sqlx(pool: &str, url: &str, synchronous: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        Self::start(command.args([SERVE, pool, url, synchronous]))
    }

    /// SQLAlchemy; `None`, said aloud, where it is not installed.
    pub(crate) fn sqlalchemy(url: &str, synchronous: &str) -> Option<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python: PathBuf = here.join("target/tools/venv/bin/python");
        let mut found = Command::new(&python);
        found
            .args(["-c", "import sqlalchemy, aiosqlite, psycopg"])
            .stderr(Stdio::null());
        if !found.status().is_ok_and(|status| status.success()) {
            println!("without SQLAlchemy, which is not in target/tools/venv: `just bench` gets it");
            return None;
        }
        let script = here.join("benches/peers/sqlalchemy_async.py");
        let mut command = Command::new(python);
        Some(Self::start(command.arg(script).args([url, synchronous])))
    }

    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            pipes: RefCell::new((input, output)),
        }
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn run(&self, work: Work, tasks: u64, time: Duration) -> Turn {
        let mut pipes = self.pipes.borrow_mut();
        writeln!(pipes.0, "{work} {tasks} {}", time.as_secs_f64()).unwrap();
        let mut line = String::new();
        pipes.1.read_line(&mut line).unwrap();
        line.parse().unwrap()
    }
}
