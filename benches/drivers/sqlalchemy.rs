//! SQLAlchemy Core in a process of its own, which works when it is told to.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The process. It ends when its input does.
pub(crate) struct SqlAlchemy {
    _child: Child,
    pipes: RefCell<(ChildStdin, BufReader<ChildStdout>)>,
}

impl SqlAlchemy {
    /// `None`, said aloud, where SQLAlchemy is not installed.
    pub(crate) fn start(database: &Path) -> Option<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = here.join("target/tools/venv/bin/python");
        let mut found = Command::new(&python);
        found
            .args(["-c", "import sqlalchemy"])
            .stderr(Stdio::null());
        if !found.status().is_ok_and(|status| status.success()) {
            println!("without SQLAlchemy, which is not in target/tools/venv: `just bench` gets it");
            return None;
        }
        let mut child = Command::new(python)
            .arg(here.join("benches/sqlalchemy_core.py"))
            .arg(database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Some(Self {
            _child: child,
            pipes: RefCell::new((input, output)),
        })
    }

    /// Does one of its things for so long; operations a second.
    pub(crate) fn run(&self, what: &str, time: Duration) -> f64 {
        let mut pipes = self.pipes.borrow_mut();
        writeln!(pipes.0, "{what} {}", time.as_secs_f64()).unwrap();
        let mut line = String::new();
        pipes.1.read_line(&mut line).unwrap();
        line.trim().parse().unwrap()
    }
}
