//! What can happen to a `PostgreSQL` server: on Linux, whose `/proc` tells its processes.

use std::fs;
use std::net::SocketAddr;

use super::process::{children, signal, try_signal};
use super::{HarnessError, PostgresServer};

/// How often new children of the server are looked for while it is stopped.
const ROUNDS: usize = 3;

impl PostgresServer {
    /// Stops the server as `pg_ctl stop -m fast` does, and starts it again on the same port.
    ///
    /// # Errors
    /// As [`PostgresServer::start_again`].
    pub fn restart(&self) -> Result<(), HarnessError> {
        self.stop();
        self.start_again()
    }

    /// Kills one process of the server with SIGKILL: `pg_backend_pid()` of a connection. The server
    /// then ends all others and recovers by itself, which takes it a moment. The last commits may be lost
    /// unless it was started with `("synchronous_commit", "on")`.
    ///
    /// # Panics
    /// When there is no such process.
    pub fn kill_backend(&self, process: i32) {
        let process = u32::try_from(process).expect("a process has a positive number");
        assert!(
            children(self.postmaster()).contains(&process),
            "{process} is no process of this server"
        );
        signal("KILL", process);
    }

    /// Stops the server and all its processes where they stand (SIGSTOP): the kernel still takes
    /// connections and data for them, and nobody answers.
    ///
    /// # Panics
    /// When the server does not run.
    pub fn pause(&self) {
        let postmaster = self.postmaster();
        signal("STOP", postmaster);
        let mut paused = self.paused.lock().expect("no panic");
        paused.push(postmaster);
        // One that was being started may come late.
        for _ in 0..ROUNDS {
            for child in children(postmaster) {
                if !paused.contains(&child) && try_signal("STOP", child) {
                    paused.push(child);
                }
            }
        }
    }

    /// Lets it go on after [`PostgresServer::pause`].
    ///
    /// # Panics
    /// When another thread panicked in here.
    pub fn resume(&self) {
        let paused = std::mem::take(&mut *self.paused.lock().expect("no panic"));
        for process in paused.into_iter().rev() {
            // One that was killed meanwhile needs none.
            let _ = try_signal("CONT", process);
        }
    }

    /// Where it listens, for a [`Proxy`](super::Proxy).
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// The server's first process: the first line of `postmaster.pid`.
    fn postmaster(&self) -> u32 {
        let file = fs::read_to_string(self.data.join("postmaster.pid")).expect("the server runs");
        let line = file.lines().next().unwrap_or_default();
        line.trim().parse().expect("a process's number")
    }
}
