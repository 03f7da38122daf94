//! PostgreSQL's own bench: `pgbench -M prepared` with as many connections as our pool may open.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use twinbase::testing::PostgresServer;

use super::CONNECTIONS;

/// The SELECT of the other variants, of a row that pgbench chooses.
const SCRIPT: &str = "\\set id random(1, 100000)\n\
     SELECT id, name, note, price, weight, stock FROM t WHERE id = :id;\n";

pub(crate) struct PgBench<'a> {
    server: &'a PostgresServer,
    database: &'static str,
    script: tempfile::NamedTempFile,
}

impl<'a> PgBench<'a> {
    /// Fills its own tables: at scale 1 the one that `-S` reads has as many rows as ours. `None`, said
    /// aloud, where there is no pgbench.
    pub(crate) fn prepare(server: &'a PostgresServer, database: &'static str) -> Option<Self> {
        if server.program("pgbench").is_none() {
            println!("without pgbench, which is not among the server's programs");
            return None;
        }
        let mut script = tempfile::NamedTempFile::new().unwrap();
        script.write_all(SCRIPT.as_bytes()).unwrap();
        let pgbench = Self {
            server,
            database,
            script,
        };
        let mut command = pgbench.command();
        command.args(["--initialize", "--scale=1", "--quiet"]);
        let filled = command.arg(database).stderr(Stdio::null()).status();
        assert!(
            filled.unwrap().success(),
            "pgbench could not fill its tables"
        );
        Some(pgbench)
    }

    /// Transactions a second: of `-S`, or of the SELECT of the other variants. It takes whole seconds.
    pub(crate) fn run(&self, tasks: u64, time: Duration, own_select: bool) -> f64 {
        let clients = tasks.min(u64::from(CONNECTIONS));
        let mut command = self.command();
        command
            .args(["--no-vacuum", "--protocol=prepared"])
            .arg(format!("--client={clients}"))
            .arg(format!("--jobs={}", clients.min(2)))
            .arg(format!("--time={}", time.as_secs().max(1)));
        if own_select {
            command.arg("--file").arg(self.script.path());
        } else {
            command.arg("--select-only");
        }
        let output = command.arg(self.database).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        // `tps = 12345.678901 (without initial connection time)`
        let rate = text.lines().find_map(|line| line.strip_prefix("tps = "));
        let rate = rate.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        let (rate, _) = rate.split_once(' ').unwrap();
        rate.parse().unwrap()
    }

    fn command(&self) -> Command {
        let mut command = self.server.program("pgbench").unwrap();
        command
            .args(["--host=127.0.0.1", "--username=postgres"])
            .arg(format!("--port={}", self.server.port()));
        command
    }
}
