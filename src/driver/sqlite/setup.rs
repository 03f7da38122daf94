//! Opens a connection and sets it up.

use super::control::{self, Control};
use super::error::{SqliteError, SqliteErrorCause};
use super::functions;
use super::options::{Location, Options, Synchronous};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many prepared statements a connection keeps.
pub(super) const STATEMENTS: usize = 256;

/// Opens the database on this thread, which becomes the connection's.
pub(super) fn open(options: &Options, control: &Arc<Control>) -> Result<Connection, SqliteError> {
    let path = options.path();
    let place = path.display().to_string();
    open_at(options, control, &path).map_err(|error| error.at(&place))
}

fn open_at(
    options: &Options,
    control: &Arc<Control>,
    path: &std::path::Path,
) -> Result<Connection, SqliteError> {
    let in_memory = matches!(options.location, Location::Memory(_));
    let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags |= if options.read_only {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    } else {
        OpenFlags::SQLITE_OPEN_READ_WRITE
    };
    if !options.read_only && (options.create || in_memory) {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let connection = if options.at_rest && options.read_only && !in_memory {
        let name = options.immutable_name();
        Connection::open_with_flags(name, flags | OpenFlags::SQLITE_OPEN_URI)?
    } else {
        Connection::open_with_flags(path, flags)?
    };
    control::be_patient(control, options.busy_timeout);
    control.watch(&connection)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, options.foreign_keys),
    ] {
        connection.set_db_config(setting, on)?;
    }
    functions::register(&connection)?;
    if !options.read_only {
        write_ahead(&connection, options.busy_timeout)?;
    }
    let synchronous = match options.synchronous {
        _ if in_memory => "OFF",
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    if let (1.., Ok(size)) = (
        options.cache_size_kib,
        i64::try_from(options.cache_size_kib),
    ) {
        connection.pragma_update(None, "cache_size", -size)?;
    }
    let limit = i64::try_from(options.journal_size_limit).unwrap_or(i64::MAX);
    connection.pragma_update_and_check(None, "journal_size_limit", limit, |_| Ok(()))?;
    // The first read of the file, which tells whether it is a database at all.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    if !options.read_only {
        control::be_patient(control, Duration::ZERO);
        if let Err(error) = connection.execute_batch("PRAGMA optimize = 0x10002") {
            tracing::debug!(%error, "the planner's statistics were not looked after at this connect");
        }
        control::be_patient(control, options.busy_timeout);
    }
    if options.query_only {
        connection.pragma_update(None, "query_only", true)?;
    }
    Ok(connection)
}

/// Turns on the write-ahead log.
///
/// SQLite does not ask the busy handler when two connections turn it on at once, hence the loop.
fn write_ahead(connection: &Connection, patience: Duration) -> Result<(), SqliteError> {
    let start = Instant::now();
    loop {
        let mode: Result<String, _> =
            connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
        match mode.map_err(SqliteError::from) {
            Ok(mode) if mode.eq_ignore_ascii_case("wal") => return Ok(()),
            Ok(mode) => {
                tracing::warn!(
                    journal_mode = mode,
                    "the database can't have a write-ahead log, readers and writers will block \
                     each other; a network file system is the usual reason"
                );
                return Ok(());
            }
            Err(error) if error.cause() == SqliteErrorCause::Busy && start.elapsed() < patience => {
                tracing::debug!(%error, "the write-ahead log could not be turned on, trying again");
                #[expect(
                    clippy::disallowed_methods,
                    reason = "this is the connection's own thread"
                )]
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error),
        }
    }
}
