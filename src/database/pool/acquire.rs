//! Taking a connection: an idle one, a new one, or the next that comes back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::{sleep, timeout_at};

use super::check::{self, Verdict};
use super::error::{AcquireError, AcquireErrorCause, ConnectFailure};
use super::figures::Count;
use super::holders::Holder;
use super::lease::Lease;
use super::seat::{Member, Mode, Seat};
use super::state::Taken;
use super::{Inner, Pool, order};
use crate::config::Engine;
use crate::database::{Backoff, DatabaseError};

/// The pause after the first failure to connect.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest pause between two tries to connect.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl Pool {
    /// Takes a connection, within `acquire_timeout`.
    ///
    /// With a mode the connection is told what statements outside of a transaction may do; without,
    /// it may be in either.
    ///
    /// # Errors
    /// [`DatabaseError::Acquire`], and [`DatabaseError::Connect`] where no connection can be opened
    /// and trying again is of no use.
    pub(in crate::database) async fn acquire(
        &self,
        mode: Option<Mode>,
        holder: &Holder,
    ) -> Result<Lease, DatabaseError> {
        let pool = &self.0;
        // Before there is a connection in its hands: tasks that give way with one keep it from the others
        // of their thread, who then wait for each other with each statement.
        if pool.connector.target().engine() == Engine::Sqlite {
            crate::driver::sqlite::give_way_if_due().await;
        }
        let start = Instant::now();
        let acquiring = Acquiring {
            pool,
            mode,
            holder,
            start,
            deadline: (start + pool.settings.acquire_timeout).into(),
        };
        let seat = acquiring.seat().await?;
        let now = Instant::now();
        pool.figures.acquired(now.saturating_duration_since(start));
        Ok(Lease::new(seat, now, holder))
    }
}

struct Acquiring<'a> {
    pool: &'a Arc<Inner>,
    mode: Option<Mode>,
    holder: &'a Holder,
    start: Instant,
    deadline: tokio::time::Instant,
}

impl Acquiring<'_> {
    async fn seat(&self) -> Result<Seat, DatabaseError> {
        let taken = {
            let mut state = self.pool.state();
            let taken = state.take(self.pool, self.start, self.mode, self.holder);
            self.pool.figures.publish(self.pool, &state);
            taken
        };
        let mut seat = match taken {
            Taken::Seat(seat) => seat,
            Taken::Place(reply) => self.wait(reply).await?,
            Taken::Refused(cause) => return Err(self.refuse(cause)),
        };
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            if let Some(member) = &mut seat.member {
                // Most are judged at once, without a timer.
                let verdict = if let Some(verdict) = check::look(self.pool, member, self.mode) {
                    Ok(verdict)
                } else {
                    let asking = check::ask(self.pool, member, self.mode);
                    timeout_at(self.deadline, asking).await
                };
                match verdict {
                    Ok(Verdict::Good) => {
                        member.idle_since = None;
                        return Ok(seat);
                    }
                    Ok(Verdict::Replace) => {}
                    Err(_) => return Err(self.refuse(AcquireErrorCause::TimedOut)),
                }
                if let Some(member) = seat.member.take() {
                    order::close_member(member);
                }
                // Who waits for another holds none.
                self.pool.state().holders.end(seat.hold.take());
            }
            if self.pool.state().closed {
                return Err(self.refuse(AcquireErrorCause::Closed));
            }
            seat.member = self.open().await?;
            if seat.member.is_none() {
                if timeout_at(self.deadline, sleep(backoff.pause()))
                    .await
                    .is_err()
                {
                    return Err(self.refuse(AcquireErrorCause::TimedOut));
                }
                // One that has come back in the meantime is as good.
                seat.member = self.pool.state().swap_for_idle(self.mode);
            }
        }
    }

    /// Waits for the next connection that comes back, or for the right to open one.
    async fn wait(
        &self,
        reply: oneshot::Receiver<Result<Seat, AcquireErrorCause>>,
    ) -> Result<Seat, DatabaseError> {
        let mut place = Place {
            pool: self.pool,
            reply,
        };
        match timeout_at(self.deadline, &mut place.reply).await {
            Ok(Ok(Ok(seat))) => Ok(seat),
            Ok(Ok(Err(cause))) => Err(self.refuse(cause)),
            // The pool has dropped its queue.
            Ok(Err(_)) => Err(self.refuse(AcquireErrorCause::Closed)),
            Err(_) => Err(self.refuse(AcquireErrorCause::TimedOut)),
        }
    }

    /// Opens a connection; `None` where that may succeed later.
    async fn open(&self) -> Result<Option<Member>, DatabaseError> {
        let opening = self.pool.connector.open(self.pool.purpose);
        let Ok(opened) = timeout_at(self.deadline, opening).await else {
            return Err(self.refuse(AcquireErrorCause::TimedOut));
        };
        match opened {
            Ok((conn, link)) => {
                self.pool.figures.add(Count::Connects);
                self.pool.state().last_connect_failure = None;
                let opened = Instant::now();
                Ok(Some(Member {
                    conn,
                    link,
                    opened,
                    lifetime: check::lifetime(self.pool.settings.recycle),
                    idle_since: None,
                    is_suspect: false,
                    mode: Mode::ReadWrite,
                }))
            }
            Err(error) => {
                self.pool.figures.add(Count::ConnectErrors);
                let DatabaseError::Connect { failure, .. } = &error else {
                    return Err(error);
                };
                self.pool.state().last_connect_failure = Some(ConnectFailure {
                    at: Instant::now(),
                    failure: *failure,
                });
                if !failure.may_pass() {
                    return Err(error);
                }
                tracing::warn!(
                    pool = self.pool.name,
                    error = crate::telemetry::chain(&error),
                    "a connection could not be opened, it is tried again"
                );
                Ok(None)
            }
        }
    }

    fn refuse(&self, cause: AcquireErrorCause) -> DatabaseError {
        match cause {
            AcquireErrorCause::TimedOut => self.pool.figures.add(Count::Timeouts),
            AcquireErrorCause::Overloaded => self.pool.figures.add(Count::Shed),
            AcquireErrorCause::Closed => {}
        }
        let waited = self.start.elapsed();
        let state = self.pool.state();
        AcquireError::new(self.pool, &state, cause, waited).into()
    }
}

/// A place in the queue, which is left when it is dropped.
struct Place<'a> {
    pool: &'a Inner,
    reply: oneshot::Receiver<Result<Seat, AcquireErrorCause>>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.reply.is_terminated() {
            return;
        }
        let mut state = self.pool.state();
        // The pool answers under its lock: after this it has, or it won't.
        self.reply.close();
        let answer = self.reply.try_recv();
        if answer.is_err() {
            state.waiting -= 1;
            self.pool.figures.publish(self.pool, &state);
        }
        drop(state);
        // A seat that came too late passes to the next.
        drop(answer);
    }
}
