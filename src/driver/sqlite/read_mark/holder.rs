//! The thread that holds a read mark, with a connection of its own.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OpenFlags};

use super::Signals;
use super::log::{HOLD, Log, Step};
use crate::driver::sqlite::file::NamedFile;

/// How long after the last of many reads the connection is closed.
const IDLE: Duration = Duration::from_millis(100);
/// How long it waits for a lock, of a log that is recovered say. Who stops it may wait as long.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long nothing is tried after a mark could not be held.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_mins(1);

/// What the thread has.
pub(super) struct Holder {
    pub(super) file: NamedFile,
    pub(super) is_wanted: Arc<AtomicBool>,
    pub(super) signals: Arc<Signals>,
}

/// Why a mark can't be held.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("its name is another file's now")]
    OtherFile,
    #[error("it has no write-ahead log")]
    NoLog,
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// Says that a holder has ended, also where it panics.
struct Ending<'a>(&'a Holder);

impl Drop for Ending<'_> {
    /// In this order: who wants the mark after the second finds that another holder has to begin.
    fn drop(&mut self) {
        self.0.signals.has_ended.store(true, Ordering::SeqCst);
        self.0.is_wanted.store(false, Ordering::SeqCst);
    }
}

impl Holder {
    pub(super) fn run(self) {
        let _ending = Ending(&self);
        if let Err(error) = self.hold_while_wanted() {
            note_failure(&error);
            self.wait(PAUSE_AFTER_FAILURE);
        }
    }

    fn hold_while_wanted(&self) -> Result<(), Failure> {
        let connection = self.open()?;
        let mut wanted_at = Instant::now();
        while !self.has_to_stop() && wanted_at.elapsed() < IDLE {
            if !self.is_wanted.swap(false, Ordering::SeqCst) {
                self.wait(HOLD);
                continue;
            }
            wanted_at = Instant::now();
            // A clock before 1970 tells the time as well.
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            match Log::of(&connection)?.step(now.unwrap_or_else(|error| error.duration())) {
                Step::Hold(time) => self.hold(&connection, time)?,
                Step::Wait(time) => self.wait(time),
            }
        }
        Ok(())
    }

    /// Opens the file, if it is still the one; the first read of another would make a log beside it.
    fn open(&self) -> Result<Connection, Failure> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(self.file.name(), flags)?;
        connection.busy_timeout(PATIENCE)?;
        if !self.file.has_its_name() {
            return Err(Failure::OtherFile);
        }
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        // Without a log, a read keeps others from writing.
        if mode.eq_ignore_ascii_case("wal") {
            Ok(connection)
        } else {
            Err(Failure::NoLog)
        }
    }

    fn hold(&self, connection: &Connection, time: Duration) -> rusqlite::Result<()> {
        connection.prepare_cached("BEGIN")?.execute([])?;
        // BEGIN alone takes no mark.
        connection
            .prepare_cached("PRAGMA schema_version")?
            .query_row([], |_| Ok(()))?;
        metrics::counter!("twinbase_sqlite_read_marks_held_total").increment(1);
        self.wait(time);
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    fn has_to_stop(&self) -> bool {
        self.signals.has_to_stop.load(Ordering::SeqCst)
    }

    /// Waits so long, or until it has to stop.
    fn wait(&self, time: Duration) {
        let start = Instant::now();
        while !self.has_to_stop() {
            let Some(left) = time
                .checked_sub(start.elapsed())
                .filter(|left| !left.is_zero())
            else {
                return;
            };
            std::thread::park_timeout(left);
        }
    }
}

/// Tells of a mark that can't be held: nothing is wrong for it, but reads are slower.
pub(super) fn note_failure(error: &dyn Error) {
    metrics::counter!("twinbase_sqlite_read_marks_failed_total").increment(1);
    tracing::warn!(
        %error,
        "the read mark of a database that is read often could not be held: each read takes its own"
    );
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use std::path::{Path, PathBuf};

    /// A database with a log in which nothing is yet.
    fn database(folder: &tempfile::TempDir, name: &str) -> (PathBuf, Connection) {
        let path = folder.path().join(name);
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (b)")
            .unwrap();
        connection.busy_timeout(Duration::ZERO).unwrap();
        assert!(!is_held(&connection));
        (path, connection)
    }

    fn holder(path: &Path) -> Holder {
        Holder {
            file: NamedFile::of(path).unwrap(),
            is_wanted: Arc::default(),
            signals: Arc::default(),
        }
    }

    /// Whether a mark keeps the log from beginning anew.
    fn is_held(connection: &Connection) -> bool {
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy: i64 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        busy != 0
    }

    fn write(connection: &Connection, pages: i64) {
        let sql = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < ?1) \
                   INSERT INTO t SELECT zeroblob(4000) FROM c";
        connection.execute(sql, [pages]).unwrap();
    }

    #[test]
    fn a_mark_is_held_for_a_while_and_then_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let (path, connection) = database(&folder, "a.db");
        write(&connection, 1);
        let holder = holder(&path);
        let is_seen = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let held = holder.open().unwrap();
                while !is_seen.load(Ordering::SeqCst) {
                    holder.hold(&held, HOLD).unwrap();
                }
            });
            while !is_held(&connection) {
                write(&connection, 1);
            }
            is_seen.store(true, Ordering::SeqCst);
        });
        assert!(!is_held(&connection));
    }

    #[test]
    fn no_mark_is_held_where_much_of_the_log_is_not_copied() {
        let folder = tempfile::tempdir().unwrap();
        let (path, connection) = database(&folder, "a.db");
        let held = holder(&path).open().unwrap();
        let step = || Log::of(&held).unwrap().step(Duration::from_millis(65));
        assert_eq!(step(), Step::Hold(HOLD), "the log is empty");
        write(&connection, 400);
        assert_eq!(step(), Step::Hold(HOLD), "the log is small");
        write(&connection, 100);
        assert_eq!(step(), Step::Wait(HOLD));
        connection
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
            .unwrap();
        assert_eq!(step(), Step::Hold(HOLD), "it is copied");
    }

    #[test]
    fn another_file_of_the_same_name_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (path, connection) = database(&folder, "a.db");
        let holder = holder(&path);
        drop(connection);
        std::fs::rename(&path, folder.path().join("b.db")).unwrap();
        drop(database(&folder, "a.db"));
        let names = || std::fs::read_dir(&folder).unwrap().count();
        assert_eq!(names(), 2);
        assert!(matches!(holder.open(), Err(Failure::OtherFile)));
        assert_eq!(names(), 2);
    }

    #[test]
    fn a_database_without_a_log_is_let_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (path, connection) = database(&folder, "a.db");
        connection
            .execute_batch("PRAGMA journal_mode = DELETE")
            .unwrap();
        assert!(matches!(holder(&path).open(), Err(Failure::NoLog)));
        write(&connection, 1);
    }

    #[test]
    fn a_holder_that_panics_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let (path, _connection) = database(&folder, "a.db");
        let holder = holder(&path);
        holder.is_wanted.store(true, Ordering::SeqCst);
        let (is_wanted, signals) = (Arc::clone(&holder.is_wanted), Arc::clone(&holder.signals));
        let thread = std::thread::spawn(move || {
            let _ending = Ending(&holder);
            panic!("as an application's recorder of metrics may");
        });
        assert!(thread.join().is_err());
        assert!(signals.has_ended.load(Ordering::SeqCst) && !is_wanted.load(Ordering::SeqCst));
    }

    #[test]
    fn who_is_to_stop_ends_at_once_though_it_has_failed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, connection) = database(&folder, "a.db");
        let holder = holder(&path);
        holder.is_wanted.store(true, Ordering::SeqCst);
        drop(connection);
        std::fs::remove_file(&path).unwrap();
        let (is_wanted, signals) = (Arc::clone(&holder.is_wanted), Arc::clone(&holder.signals));
        let thread = std::thread::spawn(|| holder.run());
        std::thread::park_timeout(Duration::from_millis(100));
        assert!(!thread.is_finished() && is_wanted.load(Ordering::SeqCst));
        signals.has_to_stop.store(true, Ordering::SeqCst);
        thread.thread().unpark();
        thread.join().unwrap();
        assert!(signals.has_ended.load(Ordering::SeqCst) && !is_wanted.load(Ordering::SeqCst));
        assert!(!path.exists(), "it makes no file");
    }
}
