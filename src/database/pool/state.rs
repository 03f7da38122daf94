//! The counts, the queue and the idle connections of a pool.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::Inner;
use super::error::{AcquireErrorCause, ConnectFailure};
use super::holders::{Holder, Holders};
use super::load::Load;
use super::seat::{Member, Mode, Seat};

/// Whoever waits for a seat.
pub(super) struct Waiting {
    pub(super) since: Instant,
    pub(super) reply: oneshot::Sender<Result<Seat, AcquireErrorCause>>,
}

/// A connection that nobody uses.
#[derive(Debug)]
pub(super) struct Idle {
    pub(super) member: Member,
    pub(super) since: Instant,
}

/// What changes of a pool, under its lock.
pub(super) struct State {
    /// The one that came back last is at the end, and is taken first.
    pub(super) idle: Vec<Idle>,
    /// The connections that are open, being opened, or being put in order.
    pub(super) size: usize,
    pub(super) queue: VecDeque<Waiting>,
    /// How many of the queue still wait; the others have been dropped.
    pub(super) waiting: usize,
    pub(super) holders: Holders,
    pub(super) load: Load,
    pub(super) last_connect_failure: Option<ConnectFailure>,
    /// When a connection was last found dead in use: those that were idle then are tested, however
    /// short their rest.
    pub(super) suspected: Option<Instant>,
    pub(super) closed: bool,
    /// Whether the watch over holders runs.
    pub(super) is_watched: bool,
}

/// What a caller gets at once.
pub(super) enum Taken {
    /// The right to a connection.
    Seat(Seat),
    /// A place in the queue.
    Place(oneshot::Receiver<Result<Seat, AcquireErrorCause>>),
    /// Nothing.
    Refused(AcquireErrorCause),
}

impl State {
    pub(super) fn new(load: Load) -> Self {
        Self {
            idle: Vec::new(),
            size: 0,
            queue: VecDeque::new(),
            waiting: 0,
            holders: Holders::default(),
            load,
            last_connect_failure: None,
            suspected: None,
            closed: false,
            is_watched: false,
        }
    }

    /// Takes an idle connection, or the right to open one, or a place in the queue.
    ///
    /// One of the wanted mode goes before one that would have to be told.
    pub(super) fn take(
        &mut self,
        pool: &Arc<Inner>,
        now: Instant,
        mode: Option<Mode>,
        holder: &Holder,
    ) -> Taken {
        if self.closed {
            return Taken::Refused(AcquireErrorCause::Closed);
        }
        if self.waiting == 0 {
            let member = self.pop_idle(mode);
            if member.is_some() || self.size < pool.settings.max {
                self.load.note_wait(now, std::time::Duration::ZERO);
                self.size += usize::from(member.is_none());
                return Taken::Seat(self.seat(pool, now, member, holder));
            }
        }
        if self.load.cant_be_in_time(self.waiting) {
            return Taken::Refused(AcquireErrorCause::Overloaded);
        }
        let (reply, place) = oneshot::channel();
        if self.queue.len() > 2 * self.waiting + 16 {
            self.queue.retain(|waiting| !waiting.reply.is_closed());
        }
        self.queue.push_back(Waiting { since: now, reply });
        self.waiting += 1;
        Taken::Place(place)
    }

    /// A seat whose holder is noted already, where the watch over holders runs.
    fn seat(
        &mut self,
        pool: &Arc<Inner>,
        now: Instant,
        member: Option<Member>,
        holder: &Holder,
    ) -> Seat {
        let mut seat = Seat::new(pool, member);
        if seat.member.is_some() && self.is_watched {
            seat.hold = Some(self.holders.add(holder.clone(), now));
        }
        seat
    }

    /// The idle connection to take next.
    pub(super) fn pop_idle(&mut self, mode: Option<Mode>) -> Option<Member> {
        let fits = |idle: &Idle| mode.is_none_or(|mode| idle.member.mode == mode);
        let at = self.idle.iter().rposition(fits);
        let idle = match at {
            Some(at) => self.idle.remove(at),
            None => self.idle.pop()?,
        };
        let mut member = idle.member;
        member.is_suspect = (self.suspected).is_some_and(|suspected| idle.since <= suspected);
        member.idle_since = Some(idle.since);
        Some(member)
    }

    /// Keeps a connection that nobody waits for; gives back what is more than is kept.
    pub(super) fn keep(
        &mut self,
        pool: &Inner,
        since: Instant,
        member: Option<Member>,
    ) -> Option<Member> {
        if let Some(member) = member {
            if self.idle.len() < pool.settings.kept {
                self.idle.push(Idle { member, since });
                return None;
            }
            self.size -= 1;
            return Some(member);
        }
        self.size -= 1;
        None
    }

    /// An idle connection for who has the right to open one, which is given up for it.
    pub(super) fn swap_for_idle(&mut self, mode: Option<Mode>) -> Option<Member> {
        let member = self.pop_idle(mode)?;
        self.size -= 1;
        Some(member)
    }

    /// Gives the right to a connection to the next who waits for it; gives back what nobody wants.
    pub(super) fn pass_on(
        &mut self,
        pool: &Arc<Inner>,
        now: Instant,
        mut member: Option<Member>,
    ) -> Result<(), Option<Member>> {
        while let Some(waiting) = self.queue.pop_front() {
            if waiting.reply.is_closed() {
                continue;
            }
            self.waiting -= 1;
            let waited = now.saturating_duration_since(waiting.since);
            if self.load.sheds(now, waited) {
                // Whoever has gone in between has no use for it.
                let _ = waiting.reply.send(Err(AcquireErrorCause::Overloaded));
                continue;
            }
            match waiting.reply.send(Ok(Seat::new(pool, member.take()))) {
                Ok(()) => return Ok(()),
                // Whoever drops a place does so under this lock, so that this can't be.
                Err(answer) => member = answer.ok().and_then(Seat::dismantle),
            }
        }
        Err(member)
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("idle", &self.idle.len())
            .field("size", &self.size)
            .field("waiting", &self.waiting)
            .finish_non_exhaustive()
    }
}
