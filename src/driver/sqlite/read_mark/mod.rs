//! Has the read mark of a database held while it is read often.
//!
//! Each read outside of a transaction takes a read mark of the write-ahead log and gives it back, a system
//! call each (<https://sqlite.org/walformat.html#wal_locks>). SQLite makes none where another connection of
//! the process has the same mark. So while reads are many, a connection on a thread of its own has it, and
//! a short read takes half the time. What a read sees is as before: the lock is there already, that is all.
//!
//! A mark keeps the log from being copied into the file beyond it, and from beginning anew. So it is
//! held for a few milliseconds at a time, not at all while a log of some size is not yet copied, and
//! with a pause now and then where anything is not.

mod holder;
mod log;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::file::NamedFile;
use holder::{Holder, note_failure};

/// Reads between two looks at the clock.
const READS: u32 = 64;
/// The time for so many, by which reads are many: 10,000 a second.
const READS_TIME: Duration = Duration::from_micros(6_400);

/// How fast the reads of a connection come.
#[derive(Debug, Default)]
pub(super) struct Pace {
    reads: u32,
    began: Option<Instant>,
}

impl Pace {
    /// For a connection that has just been opened. `None` where no mark can be held for it: its file has no
    /// write-ahead log, or can't be written, so that SQLite does not say how long the log is.
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Option<Self>> {
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        let has_log = mode.eq_ignore_ascii_case("wal") && !connection.is_readonly("main")?;
        Ok(has_log.then(Self::default))
    }

    /// Counts a read; true now and then while they are many. The time may be that of another thread's last look
    /// at the clock, and before the one of the last call: then they were quick.
    pub(super) fn count(&mut self, now: Instant) -> bool {
        self.reads += 1;
        if self.reads < READS {
            return false;
        }
        self.reads = 0;
        let began = self.began.replace(now);
        began.is_some_and(|began| now.saturating_duration_since(began) < READS_TIME)
    }
}

/// The read mark of a file, for all connections of the process that are open to it.
#[derive(Debug)]
pub(super) struct ReadMark {
    file: NamedFile,
    /// Whether reads were many since the holder last asked. It stays so where none is to be begun, since one
    /// has just failed.
    is_wanted: Arc<AtomicBool>,
    users: Mutex<Users>,
}

/// Those that have connections, or had.
static READ_MARKS: Mutex<Vec<Weak<ReadMark>>> = Mutex::new(Vec::new());

#[derive(Debug, Default)]
struct Users {
    connections: usize,
    holder: Option<Thread>,
}

/// The thread of a holder.
#[derive(Debug)]
struct Thread {
    handle: JoinHandle<()>,
    signals: Arc<Signals>,
}

/// What the holder's thread and the others tell each other.
#[derive(Debug, Default)]
struct Signals {
    has_to_stop: AtomicBool,
    /// Its connection is closed.
    has_ended: AtomicBool,
}

/// Counts a connection to the file as open.
#[derive(Debug)]
pub(super) struct OpenConnection(Arc<ReadMark>);

impl ReadMark {
    /// That of this file. Two of one file would hold it in turns, so that a checkpoint which waits for it
    /// never had it.
    pub(super) fn of(file: &NamedFile) -> Arc<Self> {
        let mut all = READ_MARKS.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|mark| mark.strong_count() > 0);
        let mut known = all.iter().filter_map(Weak::upgrade);
        // A file that nobody has open may be gone, and another have its number.
        let is_known = |mark: &Arc<Self>| {
            mark.file == *file || (mark.file.is_same(file) && mark.users().connections > 0)
        };
        if let Some(known) = known.find(is_known) {
            return known;
        }
        let mark = Arc::new(Self {
            file: file.clone(),
            is_wanted: Arc::default(),
            users: Mutex::default(),
        });
        all.push(Arc::downgrade(&mark));
        mark
    }

    /// Has the mark held for a while, from now on.
    pub(super) fn want(&self) {
        if self.is_wanted.load(Ordering::Relaxed) {
            return;
        }
        self.is_wanted.store(true, Ordering::SeqCst);
        if let Err(error) = self.begin_holder() {
            // It stays wanted, so that nothing is tried again.
            note_failure(&error);
        }
    }

    /// Begins a holder where there is none.
    fn begin_holder(&self) -> std::io::Result<()> {
        let users = self.users.try_lock().ok();
        let Some(mut users) = users.filter(|users| users.connections > 0) else {
            // A connection comes or goes: the next read asks again.
            self.is_wanted.store(false, Ordering::SeqCst);
            return Ok(());
        };
        let has_ended = |thread: &Thread| thread.signals.has_ended.load(Ordering::SeqCst);
        if !users.holder.as_ref().is_none_or(has_ended) {
            return Ok(());
        }
        let signals = Arc::new(Signals::default());
        let holder = Holder {
            file: self.file.clone(),
            is_wanted: Arc::clone(&self.is_wanted),
            signals: Arc::clone(&signals),
        };
        let handle = std::thread::Builder::new()
            .name("sqlite-mark".to_owned())
            .spawn(move || holder.run())?;
        users.holder = Some(Thread { handle, signals });
        Ok(())
    }

    /// Counts a connection that is open.
    pub(super) fn enter(self: &Arc<Self>) -> OpenConnection {
        self.users().connections += 1;
        OpenConnection(Arc::clone(self))
    }

    fn users(&self) -> MutexGuard<'_, Users> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenConnection {
    /// The holder's connection is closed before the last one: the last copies the log into the file and removes
    /// it, by its own settings.
    fn drop(&mut self) {
        let holder = {
            let mut users = self.0.users();
            users.connections -= 1;
            if users.connections > 0 {
                return;
            }
            users.holder.take()
        };
        if let Some(Thread { handle, signals }) = holder {
            signals.has_to_stop.store(true, Ordering::SeqCst);
            handle.thread().unpark();
            if handle.join().is_err() {
                tracing::error!("the thread that holds the read mark of a database has panicked");
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn reads_are_many_from_ten_thousand_a_second_on() {
        let start = Instant::now();
        let counted = |gap: Duration| {
            let mut pace = Pace::default();
            let many = (0..1000).filter(|read| pace.count(start + gap * *read));
            many.count()
        };
        assert_eq!(counted(Duration::from_micros(101)), 0);
        // One of each 64, and the first of them has none before it.
        assert_eq!(counted(Duration::from_micros(99)), 14);
    }

    #[test]
    fn reads_are_counted_where_there_is_a_log_to_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let is_counted = |connection: &Connection| Pace::of(connection).unwrap().is_some();
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("CREATE TABLE t (b)").unwrap();
        assert!(!is_counted(&connection));
        connection
            .execute_batch("PRAGMA journal_mode = WAL")
            .unwrap();
        assert!(is_counted(&connection));
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let reader = Connection::open_with_flags(&path, flags).unwrap();
        assert!(!is_counted(&reader));
    }

    #[test]
    fn a_holder_begins_ends_and_begins_again_with_who_wants_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (b)")
            .unwrap();
        let mark = ReadMark::of(&NamedFile::of(&path).unwrap());
        mark.want();
        let is_held = || mark.users().holder.is_some();
        assert!(!is_held(), "no connection is open");
        let users = [mark.enter(), mark.enter()];
        for _ in 0..2 {
            mark.want();
            assert!(is_held());
            let signals = Arc::clone(&mark.users().holder.as_ref().unwrap().signals);
            mark.want();
            assert!(Arc::ptr_eq(
                &signals,
                &mark.users().holder.as_ref().unwrap().signals
            ));
            while !signals.has_ended.load(Ordering::SeqCst) || mark.is_wanted.load(Ordering::SeqCst)
            {
                std::thread::yield_now();
            }
        }
        mark.want();
        let signals = Arc::clone(&mark.users().holder.as_ref().unwrap().signals);
        let [one, other] = users;
        drop(one);
        assert!(is_held());
        drop(other);
        assert!(!is_held() && signals.has_ended.load(Ordering::SeqCst));
    }

    #[test]
    fn a_file_has_one_mark_while_it_is_open_whatever_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let name = |name: &str| folder.path().join(name);
        std::fs::write(name("a.db"), "").unwrap();
        std::fs::write(name("b.db"), "").unwrap();
        let mark = |file: &str| ReadMark::of(&NamedFile::of(&name(file)).unwrap());
        let one = mark("a.db");
        assert!(Arc::ptr_eq(&one, &mark("a.db")));
        assert!(!Arc::ptr_eq(&one, &mark("b.db")));
        std::fs::hard_link(name("a.db"), name("link.db")).unwrap();
        assert!(!Arc::ptr_eq(&one, &mark("link.db")));
        let _open = one.enter();
        #[cfg(unix)]
        assert!(Arc::ptr_eq(&one, &mark("link.db")));
    }
}
