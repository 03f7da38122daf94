//! A throw-away `PostgreSQL` server: started by the tests, gone with them.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};
use std::{env, fs, io};

/// Why no server could be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HarnessError {
    /// There are no server binaries.
    #[error(
        "no PostgreSQL server binaries of version 15 or later (looked at PG_BINDIR, `pg_config --bindir`, \
         /usr/lib/postgresql/*/bin, target/tools/postgres/bin): run ./scripts/tools, or set PG_BINDIR or TEST_POSTGRES_URL, or leave \
         PostgreSQL out by name with TWINBASE_TEST_ENGINES=sqlite"
    )]
    NoBinaries,
    /// There is no pooler.
    #[error(
        "no PgBouncer on PATH or in /usr/sbin: run ./scripts/tools pooler, or install it (Debian, Ubuntu: sudo apt-get \
         install pgbouncer)"
    )]
    NoPooler,
    /// A step of starting the server failed.
    #[error("the test server could not be started: {0}")]
    Start(String),
    /// The operating system refused something.
    #[error("the test server could not be started")]
    Io(#[from] io::Error),
}

/// Ends the server with the process that started it, however that ends: standard input closes then. The
/// word `stop` keeps the data for another start. Signals to our terminal are not for the server.
///
/// A server that a dying test has left stopped by SIGSTOP ends by SIGQUIT: it kills what does not answer.
const KEEPER: &str = r#"trap '' INT TERM HUP
"$1" -D "$2/data" & server=$!
read -r word
if [ "$word" = stop ]; then
    kill -INT "$server"
    wait "$server"
else
    kill -CONT "$server"
    kill -QUIT "$server"
    wait "$server"
    rm -rf "$2"
fi"#;

/// Where the server's programs are.
#[derive(Debug, Clone)]
pub struct Binaries(PathBuf);

impl Binaries {
    /// Looks for version 15 or later, in this order: `PG_BINDIR`, `pg_config --bindir`, the newest of
    /// Debian's, `target/tools/postgres/bin` (where `scripts/tools` puts them).
    ///
    /// # Errors
    /// [`HarnessError::NoBinaries`], which says how to get them.
    pub fn find() -> Result<Self, HarnessError> {
        let mut places: Vec<PathBuf> = Vec::new();
        places.extend(env::var_os("PG_BINDIR").map(PathBuf::from));
        if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
            places.push(PathBuf::from(
                String::from_utf8_lossy(&output.stdout).trim(),
            ));
        }
        let mut debian: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let major = entry.file_name().to_str()?.parse().ok()?;
                Some((major, entry.path().join("bin")))
            })
            .collect();
        debian.sort();
        places.extend(debian.into_iter().rev().map(|(_, path)| path));
        places.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/postgres/bin"));
        places
            .into_iter()
            // The server's user may not be able to follow a link that we can.
            .filter_map(|place| place.canonicalize().ok().map(Self))
            .find(|binaries| binaries.major().is_some_and(|major| major >= 15))
            .ok_or(HarnessError::NoBinaries)
    }

    /// The major version; `None` where there is no server that runs here.
    fn major(&self) -> Option<u32> {
        if !self.0.join("initdb").is_file() {
            return None;
        }
        // `postgres (PostgreSQL) 15.20 (Debian …)`
        let output = self.command("postgres").arg("--version").output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let digits = text
            .split_whitespace()
            .nth(2)?
            .split(|c: char| !c.is_ascii_digit())
            .next()?;
        digits.parse().ok()
    }

    /// The path of one of the programs: `psql`, `pg_dump`.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn command(&self, name: &str) -> Command {
        Command::new(self.0.join(name))
    }
}

/// A server of this process's own, on a free port of the loopback address, with trust authentication
/// for every role but `guarded`, which has the password `p@ss/word#1`.
#[derive(Debug)]
pub struct PostgresServer {
    binaries: Binaries,
    pub(super) data: PathBuf,
    pub(super) port: u16,
    keeper: Mutex<Option<Child>>,
    /// The processes that are stopped by SIGSTOP.
    pub(super) paused: Mutex<Vec<u32>>,
}

impl PostgresServer {
    /// The one server of this process; `None` where `TEST_POSTGRES_URL` names one to use instead.
    ///
    /// # Panics
    /// When no server can be had, saying how to get one.
    pub fn shared() -> Option<&'static Self> {
        static SERVER: OnceLock<Option<PostgresServer>> = OnceLock::new();
        SERVER
            .get_or_init(|| {
                if env::var_os("TEST_POSTGRES_URL").is_some() {
                    return None;
                }
                Some(
                    Self::start()
                        .unwrap_or_else(|error| panic!("{}", crate::telemetry::chain(&error))),
                )
            })
            .as_ref()
    }

    /// Makes a cluster and starts its server.
    ///
    /// # Errors
    /// [`HarnessError`], which says what to do.
    pub fn start() -> Result<Self, HarnessError> {
        Self::start_with(&[])
    }

    /// Makes a cluster and starts its server with these settings of `postgresql.conf`, beside or
    /// instead of the harness's own: `[("max_connections", "5")]`.
    ///
    /// # Errors
    /// [`HarnessError`], which says what to do.
    pub fn start_with(settings: &[(&str, &str)]) -> Result<Self, HarnessError> {
        // Memory, where there is such a place: a test's database is worth nothing on a disk.
        let base = Some(PathBuf::from("/dev/shm"))
            .filter(|path| path.is_dir())
            .unwrap_or_else(env::temp_dir);
        Self::start_in(&base, settings)
    }

    /// Does so in a new folder of this one, which is removed with the server.
    ///
    /// # Errors
    /// [`HarnessError`], which says what to do.
    pub fn start_in(base: &Path, settings: &[(&str, &str)]) -> Result<Self, HarnessError> {
        let binaries = Binaries::find()?;
        let home = tempfile::Builder::new()
            .prefix("twinbase-postgres-")
            .tempdir_in(base)?;
        let folder = home.path();
        if let Some(user) = unprivileged() {
            std::os::unix::fs::chown(folder, Some(user.0), Some(user.1))?;
        }
        let data = folder.join("data");
        let mut initdb = binaries.command("initdb");
        initdb.args([
            "--no-sync",
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "-D",
        ]);
        let output = as_unprivileged(&mut initdb, folder).arg(&data).output()?;
        if !output.status.success() {
            return Err(HarnessError::Start(format!(
                "initdb: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            )));
        }
        let rules =
            "host all guarded all scram-sha-256\nlocal all all trust\nhost all all all trust\n";
        fs::write(data.join("pg_hba.conf"), rules)?;
        let server = Self {
            binaries,
            data,
            port: free_port()?,
            keeper: Mutex::new(None),
            paused: Mutex::default(),
        };
        let mut conf = format!(
            "\nlisten_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = ''\nfsync = off\n\
             full_page_writes = off\nsynchronous_commit = off\nmax_connections = 300\nshared_buffers = 64MB\n\
             logging_collector = off\nautovacuum = off\n",
            server.port
        );
        // The last one of a name counts.
        for (name, value) in settings {
            writeln!(conf, "{name} = '{value}'").expect("a string has room");
        }
        fs::OpenOptions::new()
            .append(true)
            .open(server.data.join("postgresql.conf"))?
            .write_all(conf.as_bytes())?;
        server.start_again()?;
        // From here on the keeper removes it, or the server's own drop.
        let _ = home.keep();
        Ok(server)
    }

    /// Starts the server that [`PostgresServer::stop`] has stopped, on the same port.
    ///
    /// # Errors
    /// [`HarnessError::Start`] with the server's own words.
    ///
    /// # Panics
    /// When another thread panicked in here.
    pub fn start_again(&self) -> Result<(), HarnessError> {
        let log = fs::File::create(self.data.with_file_name("log"))?;
        let mut keeper = Command::new("sh");
        keeper
            .args(["-c", KEEPER, "keeper"])
            .arg(self.binaries.0.join("postgres"))
            .arg(self.data.with_file_name(""))
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log);
        let child = as_unprivileged(&mut keeper, &self.data).spawn()?;
        *self.keeper.lock().expect("no panic") = Some(child);
        let deadline = Instant::now() + Duration::from_secs(30);
        #[expect(
            clippy::disallowed_methods,
            reason = "a test's thread may wait; there may be no runtime"
        )]
        while !self.is_ready() {
            if Instant::now() > deadline {
                let log = fs::read_to_string(self.data.with_file_name("log")).unwrap_or_default();
                return Err(HarnessError::Start(log));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// The server writes its state into the eighth line of `postmaster.pid`.
    fn is_ready(&self) -> bool {
        let state = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        state
            .lines()
            .nth(7)
            .is_some_and(|line| line.trim() == "ready")
    }

    /// Stops the server and waits until it is gone; its data stays.
    ///
    /// # Panics
    /// When the server's keeper can't be spoken to.
    pub fn stop(&self) {
        self.resume();
        let Some(mut child) = self.keeper.lock().expect("no panic").take() else {
            return;
        };
        let mut input = child.stdin.take().expect("its standard input is a pipe");
        input.write_all(b"stop\n").expect("the keeper listens");
        child.wait().expect("the keeper ends");
    }

    /// The URL of one of its databases, as the superuser `postgres`.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// A client program of the server's version, such as `pgbench`, to be run; `None` where it is not
    /// among the binaries.
    #[must_use]
    pub fn program(&self, name: &str) -> Option<Command> {
        let path = self.binaries.0.join(name);
        path.is_file().then(|| Command::new(path))
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.stop();
        if let Some(folder) = self.data.parent() {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The user and group that the server runs as when we are root: it refuses to be root.
pub(super) fn unprivileged() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt as _;
    let own = fs::metadata("/proc/self").map_or(u32::MAX, |metadata| metadata.uid());
    if own != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").ok()?;
    ["postgres", "nobody"].iter().find_map(|wanted| {
        let line = users
            .lines()
            .find(|line| line.split(':').next() == Some(wanted))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    })
}

fn as_unprivileged<'a>(command: &'a mut Command, folder: &Path) -> &'a mut Command {
    use std::os::unix::process::CommandExt as _;
    // The folder that we were called from may be closed to that user.
    command.current_dir(folder);
    if let Some((user, group)) = unprivileged() {
        command.uid(user).gid(group);
    }
    // Ctrl-C is for the tests; the keeper follows when they end.
    command.process_group(0);
    command
}
