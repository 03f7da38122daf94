//! Many callers' short transactions in one COMMIT, where the database has one writer.
//!
//! What costs on SQLite is the commit, above all with `synchronous = FULL`, not the statements. So those
//! who wait for the writer take turns inside of one transaction, each in a savepoint of its own, and
//! each is told of success only after the COMMIT. A caller's failure is rolled back to its savepoint.
//! Where the whole transaction is lost (a full disk, a statement that had to be stopped) or can't be
//! committed (a deferred foreign key), every member runs again alone, so that nobody suffers for another.
//!
//! The one whose turn it is has the [`Turn`] and passes it on; the last one sends the COMMIT, from a task
//! of its own that no dropped future ends.

mod meters;

mod member;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use sqlx_core::any::AnyTransactionManager;
use sqlx_core::transaction::TransactionManager as _;
use tokio::sync::oneshot;

use super::pool::Lease;
use super::{DatabaseError, ErrorKind, Lane, SessionGuard, transaction};
use member::Member;
use meters::{Meters, OUTCOMES};

/// The callers that share a COMMIT at the most.
const MEMBERS: usize = 256;

/// The callers that wait for their turn on the one writer.
#[derive(Debug)]
pub(super) struct Group {
    /// How long a member may take; zero where nothing is grouped.
    limit: Duration,
    queue: Mutex<Queue>,
    meters: OnceLock<Meters>,
}

#[derive(Debug, Default)]
struct Queue {
    /// Whether somebody has the turn, or is about to take it.
    is_taken: bool,
    waiting: VecDeque<oneshot::Sender<Call>>,
}

/// What a caller is called for.
#[derive(Debug)]
enum Call {
    /// To take part in the transaction that is open.
    Join(Turn),
    /// To begin one.
    Lead(Lead),
}

/// The right to begin a group, which passes to the next when it is dropped.
#[derive(Debug)]
struct Lead {
    group: Arc<Group>,
    used: bool,
}

/// The right to go on in the transaction that is open.
#[derive(Debug)]
struct Turn {
    /// `None` once it was taken out.
    open: Option<Open>,
}

impl Turn {
    fn take(mut self) -> Open {
        self.open
            .take()
            .expect("a turn has its transaction until it is taken out, once")
    }
}

/// A transaction with the members that are done.
#[derive(Debug)]
struct Open {
    group: Arc<Group>,
    lease: Lease,
    since: Instant,
    done: Vec<oneshot::Sender<Outcome>>,
}

/// What became of a member's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It is committed.
    Committed,
    /// It is undone, through no fault of its own.
    Lost,
    /// The connection was lost during the COMMIT.
    Unknown,
}

impl Group {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            limit,
            queue: Mutex::default(),
            meters: OnceLock::new(),
        }
    }

    fn meters(&self) -> &Meters {
        self.meters.get_or_init(Meters::new)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the work as a member of a group, or alone where it takes too long or the group is lost.
    pub(super) async fn run<T, E, F, R>(self: &Arc<Self>, lane: &Lane, work: &F) -> Result<T, E>
    where
        F: Fn(SessionGuard) -> R,
        R: Future<Output = Result<T, E>>,
        E: From<DatabaseError>,
    {
        if self.limit.is_zero() {
            return transaction::run(lane, work).await;
        }
        let arrived = Instant::now();
        let turn = match tokio::time::timeout(lane.acquire_timeout(), self.turn(lane)).await {
            Ok(turn) => turn,
            Err(_) => Err(lane.time_out(arrived.elapsed())),
        };
        let turn = match turn {
            Ok(turn) => turn,
            // Alone it is tried again, as long as another is in the way.
            Err(error) if transaction::may_run_again(error.kind()) => {
                return alone(lane, work, "not begun").await;
            }
            Err(error) => return Err(error.into()),
        };
        let (session, mut member) = Member::new(turn, lane);
        let result = tokio::time::timeout(self.limit, work(session)).await;
        member.take_back();
        match (result, member.failure()) {
            (Ok(Ok(value)), None) => match member.done().await {
                Outcome::Committed => {
                    self.meters().committed.increment(1);
                    Ok(value)
                }
                Outcome::Lost => alone(lane, work, "lost with its group").await,
                Outcome::Unknown => Err(unknown().into()),
            },
            // Another may be in the way, or the group is lost: the error is not the work's own.
            (_, Some(kind)) if !is_its_own(kind) => {
                drop(member);
                alone(lane, work, "failed with its group").await
            }
            (Ok(Ok(_)), Some(_)) => Err(member.refusal().into()),
            (Ok(Err(error)), _) => {
                self.meters().rolled_back.increment(1);
                Err(error)
            }
            (Err(_), _) => {
                drop(member);
                tracing::debug!(limit = ?self.limit, "a transaction took too long for its group, it runs again alone");
                alone(lane, work, "too long").await
            }
        }
    }

    /// Waits for the turn, and begins where nobody has.
    async fn turn(self: &Arc<Self>, lane: &Lane) -> Result<Turn, DatabaseError> {
        let called = {
            let mut queue = self.queue();
            if queue.is_taken {
                let (sender, called) = oneshot::channel();
                queue.waiting.push_back(sender);
                Some(called)
            } else {
                queue.is_taken = true;
                None
            }
        };
        let lead = match called {
            None => Lead::new(self),
            Some(called) => match called.await {
                Ok(Call::Join(turn)) => return Ok(turn),
                Ok(Call::Lead(lead)) => lead,
                Err(_) => return Err(sqlx::Error::PoolClosed.into()),
            },
        };
        lead.begin(lane).await
    }

    /// Calls the next who waits, or leaves the group to whoever comes.
    fn call_next(self: &Arc<Self>) {
        let mut queue = self.queue();
        while let Some(next) = queue.waiting.pop_front() {
            match next.send(Call::Lead(Lead::new(self))) {
                Ok(()) => return,
                Err(Call::Lead(mut lead)) => lead.used = true,
                Err(Call::Join(_)) => {}
            }
        }
        queue.is_taken = false;
    }
}

impl Lead {
    fn new(group: &Arc<Group>) -> Self {
        Self {
            group: Arc::clone(group),
            used: false,
        }
    }

    async fn begin(mut self, lane: &Lane) -> Result<Turn, DatabaseError> {
        let mut lease = lane.acquire_for_transaction().await?;
        if let Err(error) = AnyTransactionManager::begin(&mut lease, Some(lane.begin())).await {
            AnyTransactionManager::start_rollback(&mut lease);
            return Err(error.into());
        }
        self.used = true;
        Ok(Turn {
            open: Some(Open {
                group: Arc::clone(&self.group),
                lease,
                since: Instant::now(),
                done: Vec::new(),
            }),
        })
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        if !self.used {
            self.group.call_next();
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            open.pass_on();
        }
    }
}

impl Open {
    /// Gives the turn to the next who waits; commits where there is none, or where those that are done
    /// have waited for long: twice the limit of a member, so that one that meets it leaves time for
    /// another.
    fn pass_on(self) {
        let group = Arc::clone(&self.group);
        let mut open = self;
        if open.done.len() < MEMBERS && open.since.elapsed() < 2 * group.limit {
            let mut queue = group.queue();
            while let Some(next) = queue.waiting.pop_front() {
                let turn = Turn { open: Some(open) };
                // Whoever has gone in between leaves the turn to the next.
                let Err(Call::Join(turn)) = next.send(Call::Join(turn)) else {
                    return;
                };
                open = turn.take();
            }
        }
        let next = Lead::new(&group);
        // Without a runtime what was not committed is rolled back.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(open.commit(next));
        }
    }

    /// Commits. Whether this gets to its end or is dropped with its runtime, the next is called.
    async fn commit(mut self, next: Lead) {
        let depth = AnyTransactionManager::get_transaction_depth(&self.lease);
        let outcome = match AnyTransactionManager::commit(&mut self.lease).await {
            Ok(()) if depth == 1 => Outcome::Committed,
            // It released a savepoint that a member has leaked, and no more.
            Ok(()) => {
                tracing::error!(
                    depth,
                    members = self.done.len(),
                    "a group's savepoint was leaked, its members run again alone"
                );
                Outcome::Lost
            }
            Err(error) => {
                AnyTransactionManager::start_rollback(&mut self.lease);
                let kind = ErrorKind::of(&error);
                if kind == ErrorKind::Connection {
                    tracing::error!(%error, "the connection was lost during the COMMIT of a group: whether it was carried out is not known");
                    Outcome::Unknown
                } else {
                    tracing::info!(%error, members = self.done.len(), "a group could not be committed, its members run again alone");
                    Outcome::Lost
                }
            }
        };
        let members = u32::try_from(self.done.len()).unwrap_or(u32::MAX);
        self.group.meters().size.record(f64::from(members));
        drop(self.lease);
        drop(next);
        for member in self.done {
            // Whoever has gone in between does not want to know.
            let _ = member.send(outcome);
        }
    }
}

/// Runs the work in a transaction of its own, and again as long as another is in the way.
async fn alone<T, E, F, R>(lane: &Lane, work: &F, reason: &'static str) -> Result<T, E>
where
    F: Fn(SessionGuard) -> R,
    R: Future<Output = Result<T, E>>,
    E: From<DatabaseError>,
{
    metrics::counter!(OUTCOMES, "outcome" => reason).increment(1);
    transaction::run(lane, work).await
}

/// Whether an error is of the work itself, and not of the group or of the machine.
fn is_its_own(kind: ErrorKind) -> bool {
    !matches!(
        kind,
        ErrorKind::Retryable
            | ErrorKind::Connection
            | ErrorKind::TransactionFailed
            | ErrorKind::Cancelled
            | ErrorKind::DiskFull
            | ErrorKind::Io
            | ErrorKind::Resources
    )
}

fn unknown() -> DatabaseError {
    metrics::counter!("twinbase_commit_outcomes_unknown_total").increment(1);
    DatabaseError::Statement {
        kind: ErrorKind::OutcomeUnknown,
        violation: None,
        source: sqlx::Error::WorkerCrashed,
    }
}
