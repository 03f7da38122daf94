//! From a driver's error to what happened and what to do.

use std::fmt;
use std::io::ErrorKind;
use std::path::Path;

use super::codes;
use super::kind::is_unknown_host;
use crate::config::DatabaseUrl;

/// The kinds of failure to use a database that call for different deeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// Nothing listens there.
    Refused,
    /// The host's name is not known.
    Host,
    /// No connection within `database.connect_timeout`.
    Timeout,
    /// No answer within `readiness.timeout`.
    Unanswered,
    /// The user or the password is wrong, or the server's rules let this client not in.
    Authentication,
    /// The server has no database of that name.
    UnknownDatabase,
    /// TLS was demanded and could not be had.
    Tls,
    /// The server has no connection left.
    TooManyConnections,
    /// The server starts up or shuts down.
    Starting,
    /// The file is there and is no `SQLite` database.
    NotADatabase,
    /// The file is missing and must not be created.
    Missing,
    /// The folder of the file does not exist.
    NoFolder,
    /// The path is a folder.
    IsFolder,
    /// The file or its folder can't be read or written by this process.
    Permission,
    /// The disk is full.
    DiskFull,
    /// Another process holds the file's lock.
    Busy,
    /// The connection was lost.
    Lost,
    /// Anything else: the source says what.
    Other,
}

impl Failure {
    /// Whether it may pass by itself, so that it is worth another try soon.
    pub(super) fn may_pass(self) -> bool {
        matches!(
            self,
            Self::Refused
                | Self::Host
                | Self::Timeout
                | Self::Unanswered
                | Self::TooManyConnections
                | Self::Starting
                | Self::Busy
                | Self::Lost
        )
    }

    /// What kind of error that is; `None` where the driver's error has to tell.
    pub(super) fn kind(self) -> Option<super::ErrorKind> {
        Some(match self {
            Self::Refused
            | Self::Host
            | Self::Timeout
            | Self::Unanswered
            | Self::UnknownDatabase
            | Self::Tls
            | Self::TooManyConnections
            | Self::Starting
            | Self::Missing
            | Self::NoFolder
            | Self::IsFolder => super::ErrorKind::Unavailable,
            Self::Authentication | Self::Permission => super::ErrorKind::Permission,
            Self::NotADatabase => super::ErrorKind::Corrupt,
            Self::DiskFull => super::ErrorKind::DiskFull,
            Self::Busy => super::ErrorKind::Retryable,
            Self::Lost => super::ErrorKind::Connection,
            Self::Other => return None,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "nothing listens there; start the server, or correct host and port",
            Self::Host => "the host's name can't be resolved; correct it, or mend the name service",
            Self::Timeout => "no answer in time; check the network, or raise database.connect_timeout",
            Self::Unanswered => {
                "no answer within readiness.timeout: the server or its disk is overloaded, the network drops packets, or another process keeps the file locked"
            }
            Self::Authentication => "the server refused the user or the password; correct DATABASE_URL or the server's pg_hba.conf",
            Self::UnknownDatabase => "the server has no such database; create it (createdb), or correct DATABASE_URL",
            Self::Tls => "TLS could not be had as sslmode demands; configure the server's TLS, or relax sslmode",
            Self::TooManyConnections => "the server has no connection left; lower database.pool_size, or raise the server's max_connections",
            Self::Starting => "the server is starting up or shutting down; it will be tried again",
            Self::NotADatabase => "the file is not a SQLite database; move it away, or correct DATABASE_URL",
            Self::Missing => "the file does not exist; correct the path, or let it be created (database.sqlite_create = true)",
            Self::NoFolder => "the folder does not exist; create it, or correct the path",
            Self::IsFolder => "that is a folder; name a file in it",
            Self::Permission => "this process may not read or write the file or its folder; give it the permission, or correct the path",
            Self::DiskFull => "the disk is full; make room",
            Self::Busy => "another process keeps the file locked; stop it, or raise database.sqlite_busy_timeout",
            Self::Lost => "the connection was lost",
            Self::Other => "the database can't be used",
        })
    }
}

/// Tells what kind of failure a driver's error is.
/// `create` says whether a file that is missing was to be created.
pub(super) fn classify(error: &sqlx::Error, target: &DatabaseUrl, create: bool) -> Failure {
    match error {
        sqlx::Error::Io(error) => match target.sqlite_file() {
            Some(file) if error.kind() == ErrorKind::NotFound => cant_open(file, create),
            _ => io(error),
        },
        sqlx::Error::Tls(_) => Failure::Tls,
        sqlx::Error::PoolTimedOut => Failure::Timeout,
        sqlx::Error::WorkerCrashed | sqlx::Error::PoolClosed => Failure::Lost,
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            match target.sqlite_file() {
                Some(file) => sqlite(&code, file, create),
                None if target.is_memory() => sqlite(&code, Path::new(""), create),
                None => postgres(&code),
            }
        }
        _ => Failure::Other,
    }
}

fn io(error: &std::io::Error) -> Failure {
    match error.kind() {
        ErrorKind::ConnectionRefused | ErrorKind::NotFound => Failure::Refused,
        ErrorKind::TimedOut => Failure::Timeout,
        ErrorKind::PermissionDenied => Failure::Permission,
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => Failure::Lost,
        _ if is_unknown_host(error) => Failure::Host,
        _ => Failure::Other,
    }
}

/// The SQLSTATEs that call for a deed of their own at connect; the rest by kind.
fn postgres(code: &str) -> Failure {
    match code {
        "28P01" | "28000" => Failure::Authentication,
        "3D000" => Failure::UnknownDatabase,
        "53300" => Failure::TooManyConnections,
        "57P01" | "57P02" | "57P03" => Failure::Starting,
        _ => match codes::of_sqlstate(code) {
            super::ErrorKind::DiskFull => Failure::DiskFull,
            super::ErrorKind::Permission => Failure::Permission,
            _ => Failure::Other,
        },
    }
}

/// By result code, and where a file can't be opened by what the file system says: that has many causes.
fn sqlite(code: &str, file: &Path, create: bool) -> Failure {
    match codes::of_sqlite(code.parse().unwrap_or_default()) {
        super::ErrorKind::Retryable => Failure::Busy,
        super::ErrorKind::Permission | super::ErrorKind::ReadOnly => Failure::Permission,
        super::ErrorKind::DiskFull => Failure::DiskFull,
        super::ErrorKind::Corrupt => Failure::NotADatabase,
        super::ErrorKind::Unavailable => cant_open(file, create),
        _ => Failure::Other,
    }
}

fn cant_open(file: &Path, create: bool) -> Failure {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    match file.metadata() {
        Ok(metadata) if metadata.is_dir() => Failure::IsFolder,
        Ok(_) => Failure::Permission,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Failure::Permission,
        Err(_) => match folder.map(Path::metadata) {
            Some(Err(error)) if error.kind() == ErrorKind::NotFound => Failure::NoFolder,
            Some(Ok(metadata)) if !metadata.is_dir() => Failure::NoFolder,
            Some(Err(_)) => Failure::Permission,
            // SQLite would have created it, had it been allowed to.
            _ if !create => Failure::Missing,
            _ => Failure::Permission,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_file_system_says_becomes_the_failure() {
        let folder = std::env::temp_dir();
        assert_eq!(cant_open(&folder, true), Failure::IsFolder);
        assert_eq!(
            cant_open(&folder.join("no-such-folder-here/x.db"), true),
            Failure::NoFolder
        );
        assert_eq!(
            cant_open(&folder.join("no-such-file-here.db"), false),
            Failure::Missing
        );
    }

    #[test]
    fn server_codes_become_the_failure() {
        assert_eq!(postgres("28P01"), Failure::Authentication);
        assert_eq!(postgres("3D000"), Failure::UnknownDatabase);
        assert_eq!(sqlite("26", Path::new("x"), true), Failure::NotADatabase);
        assert_eq!(sqlite("1032", Path::new("x"), true), Failure::Permission);
        assert_eq!(sqlite("517", Path::new("x"), true), Failure::Busy);
    }
}
