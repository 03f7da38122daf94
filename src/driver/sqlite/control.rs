//! Stops what runs: a dropped future, a time limit, the end of patience with a lock.

use crate::driver::link::Link;
use rusqlite::{Connection, InterruptHandle};
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// How many instructions of SQLite's machine run between two looks at the clock: some 5 µs.
const INSTRUCTIONS: i32 = 200;

/// The number of what can't be cancelled: opening, a roll-back, a statement on the caller's thread.
pub(super) const NOT_CANCELLABLE: u64 = u64::MAX;

/// What a connection's thread, its caller and SQLite's hooks share.
#[derive(Debug)]
pub(super) struct Control {
    /// The number of the command that runs; 0 for none.
    running: AtomicU64,
    /// Commands up to this number have lost their caller.
    cancelled: AtomicU64,
    /// When the statement has to end, in nanoseconds since `epoch`; 0 for never.
    deadline: AtomicU64,
    /// Whether the deadline has stopped the statement.
    expired: AtomicBool,
    epoch: Instant,
    /// Held while a command begins or ends and while one is interrupted, so that an interrupt never
    /// meets the next command.
    turn: Mutex<()>,
    /// Commands that were sent and are not done.
    pub(super) pending: AtomicUsize,
    /// The transaction depth, and 1 where SQL text has begun a transaction.
    pub(super) depth: AtomicUsize,
    /// Whether the connection's thread has ended, or has given the connection up.
    pub(super) ended: AtomicBool,
    /// Whether a transaction was committed since this was last set to false.
    pub(super) committed: AtomicBool,
    /// What whoever opened the connection knows of it.
    pub(super) link: Arc<Link>,
}

impl Control {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self {
            link,
            running: AtomicU64::new(0),
            cancelled: AtomicU64::new(0),
            deadline: AtomicU64::new(0),
            expired: AtomicBool::new(false),
            epoch: Instant::now(),
            turn: Mutex::new(()),
            pending: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
            committed: AtomicBool::new(false),
            depth: AtomicUsize::new(0),
        }
    }

    /// Begins what runs on the caller's thread.
    pub(super) fn begin_inline(&self, start: Instant, limit: Duration) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.set_deadline_from(start, limit);
        self.running.store(NOT_CANCELLABLE, Ordering::Release);
    }

    /// Begins a command; false where its caller has gone.
    pub(super) fn begin(&self, number: u64, limit: Duration) -> bool {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if number <= self.cancelled.load(Ordering::Acquire) {
            return false;
        }
        self.set_deadline(limit);
        self.running.store(number, Ordering::Release);
        true
    }

    /// Lets the command that runs go on whether or not its caller stays; gives its number.
    pub(super) fn go_on_when_cancelled(&self) -> u64 {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.running.load(Ordering::Acquire);
        if !self.is_cancelled() {
            self.running.store(NOT_CANCELLABLE, Ordering::Release);
        }
        number
    }

    /// Lets nothing stop what runs now, cancelled or late as it may be; gives what [`Self::unshield`]
    /// takes.
    ///
    /// SQLite asks whether to go on even when a COMMIT has been carried out, and would call it
    /// interrupted.
    pub(super) fn shield(&self) -> (u64, u64) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.running.swap(NOT_CANCELLABLE, Ordering::AcqRel);
        (number, self.deadline.swap(0, Ordering::Relaxed))
    }

    /// Lets the command be stopped again.
    pub(super) fn unshield(&self, (number, deadline): (u64, u64)) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.deadline.store(deadline, Ordering::Relaxed);
        self.running.store(number, Ordering::Release);
    }

    /// Lets the command of this number be stopped again.
    pub(super) fn stop_when_cancelled(&self, number: u64) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.running.store(number, Ordering::Release);
    }

    /// Ends the command.
    pub(super) fn end(&self) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.running.store(0, Ordering::Release);
    }

    /// Gives the statement that runs this long from now; zero is no limit.
    pub(super) fn set_deadline(&self, limit: Duration) {
        self.set_deadline_from(Instant::now(), limit);
    }

    fn set_deadline_from(&self, start: Instant, limit: Duration) {
        let deadline = if limit.is_zero() {
            0
        } else {
            self.nanoseconds(start, limit)
        };
        self.expired.store(false, Ordering::Relaxed);
        self.deadline.store(deadline, Ordering::Relaxed);
    }

    /// The time this long after `start`, since the epoch.
    fn nanoseconds(&self, start: Instant, after: Duration) -> u64 {
        let since = start
            .saturating_duration_since(self.epoch)
            .saturating_add(after);
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }

    /// Whether the caller of the running command has gone.
    pub(super) fn is_cancelled(&self) -> bool {
        self.running.load(Ordering::Acquire) <= self.cancelled.load(Ordering::Acquire)
    }

    /// Whether the running statement met its time limit.
    pub(super) fn has_expired(&self) -> bool {
        self.expired.load(Ordering::Relaxed)
    }

    /// Whether the running statement has to stop now.
    pub(super) fn must_stop(&self) -> bool {
        if self.is_cancelled() {
            return true;
        }
        let deadline = self.deadline.load(Ordering::Relaxed);
        let late = deadline != 0 && self.nanoseconds(Instant::now(), Duration::ZERO) >= deadline;
        if late {
            self.expired.store(true, Ordering::Relaxed);
        }
        late
    }

    /// The caller of this command has gone: stops it if it runs, and keeps it from beginning.
    pub(super) fn cancel(&self, number: u64, interrupt: &InterruptHandle, worker: &Thread) {
        self.cancelled.fetch_max(number, Ordering::AcqRel);
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if self.running.load(Ordering::Acquire) == number {
            interrupt.interrupt();
            worker.unpark();
        }
    }

    /// Lets SQLite ask now and then whether to go on.
    pub(super) fn watch(self: &Arc<Self>, connection: &Connection) -> rusqlite::Result<()> {
        let control = Arc::clone(self);
        connection.progress_handler(INSTRUCTIONS, Some(move || control.must_stop()))?;
        let control = Arc::clone(self);
        connection.commit_hook(Some(move || {
            control.committed.store(true, Ordering::Relaxed);
            false
        }))?;
        connection.busy_handler(Some(wait_for_lock))
    }
}

/// The patience of a connection's thread with locks.
struct Patience {
    control: Arc<Control>,
    limit: Duration,
    since: Instant,
}

thread_local! {
    /// Set on the threads of connections. Elsewhere nothing waits for a lock.
    static PATIENCE: RefCell<Option<Patience>> = const { RefCell::new(None) };
}

/// Lets this thread wait for locks, for up to `limit` each time.
pub(super) fn be_patient(control: &Arc<Control>, limit: Duration) {
    PATIENCE.with_borrow_mut(|patience| {
        *patience = Some(Patience {
            control: Arc::clone(control),
            limit,
            since: Instant::now(),
        });
    });
}

/// SQLite's busy handler: waits a little; false gives up.
///
/// SQLite's own sleeps on when the statement is interrupted.
fn wait_for_lock(tries: i32) -> bool {
    PATIENCE.with_borrow_mut(|patience| {
        let Some(patience) = patience else {
            return false;
        };
        if tries == 0 {
            patience.since = Instant::now();
        }
        let waited = patience.since.elapsed();
        if waited >= patience.limit || patience.control.must_stop() {
            return false;
        }
        let pause = Duration::from_millis(match tries {
            0..=3 => 1,
            4..=9 => 2,
            10..=19 => 5,
            _ => 10,
        });
        std::thread::park_timeout(pause.min(patience.limit.saturating_sub(waited)));
        true
    })
}
