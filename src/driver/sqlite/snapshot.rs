//! Ends a reader's snapshot that is held for too long: while it is, the write-ahead log only grows.

use super::control::Control;
use super::engine::Engine;
use super::error::SqliteError;
use super::worker::{Chunk, Command, Shared};
use sqlx_core::Error;
use std::cell::Cell;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How often who waits for a slow caller looks at the clock.
const LOOK: Duration = Duration::from_millis(50);

/// The snapshot of a connection.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    /// How long it may be held; zero for no limit.
    pub(super) limit: Duration,
    /// Since when a transaction is open.
    since: Option<Instant>,
    /// Whether the last transaction was ended because of the limit.
    pub(super) ended: bool,
    /// Whether it is the limit that stops the statement which runs.
    pub(super) limits_statement: Cell<bool>,
}

impl Snapshot {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    /// Takes note of whether a transaction is open.
    pub(super) fn follow(&mut self, is_open: bool) {
        self.since = match self.since {
            _ if !is_open || self.limit.is_zero() => None,
            None => Some(Instant::now()),
            since => since,
        };
    }

    /// How long the next statement may run, of what it may by its own limit; zero for no limit.
    pub(super) fn bound(&self, limit: Duration) -> Duration {
        self.limits_statement.set(false);
        if self.limit.is_zero() {
            return limit;
        }
        let held = self.since.map_or(Duration::ZERO, |since| since.elapsed());
        let left = self.limit.saturating_sub(held).max(Duration::from_nanos(1));
        if limit.is_zero() || left < limit {
            self.limits_statement.set(true);
            return left;
        }
        limit
    }

    /// How long until the open transaction has to end.
    fn left(&self) -> Option<Duration> {
        let since = self.since?;
        Some(self.limit.saturating_sub(since.elapsed()))
    }
}

impl Engine {
    /// Rolls back the transaction, whose time is over.
    fn end_snapshot(&mut self) -> Result<(), Error> {
        tracing::warn!(
            limit_seconds = self.snapshot.limit.as_secs_f64(),
            "a reader has held its snapshot for too long and is rolled back: read less at once, or raise \
             database.sqlite_snapshot_limit"
        );
        metrics::counter!("twinbase_sqlite_snapshots_ended_total").increment(1);
        self.snapshot.ended = true;
        self.roll_back_all()
    }

    fn roll_back_all(&mut self) -> Result<(), Error> {
        if !self.connection.is_autocommit() {
            self.execute_for_certain("ROLLBACK")?;
        }
        self.follow_transaction();
        Ok(())
    }

    /// What to say to who goes on in a transaction that is over.
    pub(super) fn is_over(&self) -> SqliteError {
        if self.snapshot.ended {
            SqliteError::snapshot_limit()
        } else {
            SqliteError::rolled_back()
        }
    }
}

/// Ends the snapshot of an engine; one that can't be rolled back is given up.
fn end_snapshot_of(engine: &mut Option<Engine>) {
    if let Some(open) = engine
        && let Err(error) = open.end_snapshot()
    {
        tracing::error!(%error, "a reader that has held its snapshot for too long could not be rolled back, its connection is given up");
        open.control.ended.store(true, Ordering::Release);
        *engine = None;
    }
}

/// Waits for the next command, and ends the snapshot of who does not send one in time.
pub(super) fn next(shared: &Shared, commands: &Receiver<Command>) -> Option<Command> {
    loop {
        let mut engine = shared.engine.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(left) = engine.as_ref().and_then(|engine| engine.snapshot.left()) else {
            drop(engine);
            return commands.recv().ok();
        };
        if left.is_zero() {
            end_snapshot_of(&mut engine);
            continue;
        }
        drop(engine);
        match commands.recv_timeout(left) {
            Ok(command) => return Some(command),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// Sends the last chunk, after which the transaction may still be open: a caller that does not take it
/// holds the snapshot for no longer than any other.
pub(super) fn send_last(shared: &Shared, reply: &mpsc::Sender<Chunk>, chunk: Chunk) {
    let mut chunk = Some(chunk);
    send_while(reply, &mut chunk, || {
        let mut engine = shared.engine.lock().unwrap_or_else(PoisonError::into_inner);
        let left = engine.as_ref().and_then(|engine| engine.snapshot.left());
        if left.is_some_and(|left| left.is_zero()) {
            end_snapshot_of(&mut engine);
        }
        true
    });
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Sends a chunk, waiting where the caller is slow; not for longer than the statement may run.
pub(super) fn send(
    reply: &mpsc::Sender<Chunk>,
    chunk: Chunk,
    control: &Control,
) -> Result<(), SqliteError> {
    let mut chunk = Some(chunk);
    if send_while(reply, &mut chunk, || !control.must_stop()) {
        Ok(())
    } else {
        Err(SqliteError::interrupted())
    }
}

/// Sends the chunk as soon as there is room, as long as `goes_on`; whether it was sent.
fn send_while(
    reply: &mpsc::Sender<Chunk>,
    chunk: &mut Option<Chunk>,
    mut goes_on: impl FnMut() -> bool,
) -> bool {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut room = pin!(reply.reserve());
    loop {
        match room.as_mut().poll(&mut context) {
            Poll::Ready(Ok(permit)) => {
                if let Some(chunk) = chunk.take() {
                    permit.send(chunk);
                }
                return true;
            }
            Poll::Ready(Err(_)) => return false,
            Poll::Pending if !goes_on() => return false,
            Poll::Pending => std::thread::park_timeout(LOOK),
        }
    }
}
