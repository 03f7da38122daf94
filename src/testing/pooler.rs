//! A pooler between a client and its server, as many deployments have one.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use tempfile::TempDir;

use super::HarnessError;
use super::postgres::unprivileged;

/// Ends the pooler with the process that started it, however that ends: standard input closes then.
const KEEPER: &str = r#"trap '' INT TERM HUP
"$@" & pooler=$!
read -r word
kill -TERM "$pooler"
wait "$pooler""#;

/// `PgBouncer` in transaction mode, in front of one server: a client has a session of the server for the
/// length of a transaction, and then another where there are several. It ends when it is dropped.
#[derive(Debug)]
pub struct Pooler {
    port: u16,
    keeper: Child,
    _folder: TempDir,
}

impl Pooler {
    /// Starts one with this many sessions of the server of `url` for each of its databases.
    ///
    /// # Errors
    /// [`HarnessError::NoPooler`], which says how to get it; [`HarnessError::Start`] with its own words.
    pub fn start(url: &str, sessions: u16) -> Result<Self, HarnessError> {
        let program = find().ok_or(HarnessError::NoPooler)?;
        let url = url::Url::parse(url).map_err(|error| HarnessError::Start(error.to_string()))?;
        let folder = tempfile::Builder::new()
            .prefix("twinbase-pooler-")
            .tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = folder.path().join("log");
        let settings = folder.path().join("pgbouncer.ini");
        // Any user is let in and is the one of the URL at the server.
        let password = url.password().map_or_else(String::new, |password| {
            format!(" password='{}'", password.replace('\'', "''"))
        });
        let text = format!(
            "[databases]\n* = host={} port={} user={}{password}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n\
             default_pool_size = {sessions}\nserver_round_robin = 1\nmax_client_conn = 200\n\
             ignore_startup_parameters = extra_float_digits,options\n",
            url.host_str().unwrap_or("127.0.0.1"),
            url.port().unwrap_or(5432),
            url.username(),
        );
        fs::write(&settings, text)?;
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(program);
        if let Some((user, group)) = unprivileged() {
            // It refuses to be root; only its settings have to be within that user's reach.
            for path in [folder.path(), &settings] {
                std::os::unix::fs::chown(path, Some(user), Some(group))?;
            }
            keeper.uid(user).gid(group);
        }
        let output = fs::File::create(&log)?;
        let keeper = keeper
            .arg(&settings)
            .current_dir(folder.path())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()?;
        let pooler = Self {
            port,
            keeper,
            _folder: folder,
        };
        pooler.wait_until_it_listens(&log)?;
        Ok(pooler)
    }

    fn wait_until_it_listens(&self, log: &Path) -> Result<(), HarnessError> {
        let deadline = Instant::now() + Duration::from_secs(10);
        #[expect(
            clippy::disallowed_methods,
            reason = "a test's thread may wait; there may be no runtime"
        )]
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if Instant::now() > deadline {
                let said = fs::read_to_string(log).unwrap_or_default();
                return Err(HarnessError::Start(said));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// The URL of a database of the server, through the pooler.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        if let Some(mut input) = self.keeper.stdin.take() {
            let _ = input.write_all(b"stop\n");
        }
        let _ = self.keeper.wait();
    }
}

/// `pgbouncer` on `PATH`, or where Debian has it.
fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join("pgbouncer"))
        .find(|program| program.is_file())
}
