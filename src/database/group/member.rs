//! A caller's part of a group.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::{Group, Open, Outcome, Turn};
use crate::database::pool::Lease;
use crate::database::session::Home;
use crate::database::{DatabaseError, ErrorKind, Lane, Session, SessionFailed, SessionGuard};

/// A member of a group while its work runs. Dropped, what it did is undone and the turn passes on.
pub(super) struct Member {
    /// Where the work leaves the session.
    home: Arc<Home>,
    /// `None` while the work has it, and once it is done.
    session: Option<Session>,
    rest: Option<Rest>,
}

/// What a turn is but for its connection, which the member's session has.
struct Rest {
    group: Arc<Group>,
    since: Instant,
    done: Vec<oneshot::Sender<Outcome>>,
}

impl Rest {
    /// The transaction is gone: who is done runs again alone, and the next begins another.
    fn lose(self) {
        for member in self.done {
            // Whoever has gone in between does not want to know.
            let _ = member.send(Outcome::Lost);
        }
        self.group.call_next();
    }

    fn with(self, lease: Lease) -> Open {
        Open {
            group: self.group,
            lease,
            since: self.since,
            done: self.done,
        }
    }
}

impl Member {
    pub(super) fn new(turn: Turn, lane: &Lane) -> (SessionGuard, Self) {
        let Open {
            group,
            lease,
            since,
            done,
        } = turn.take();
        let (session, home) = Home::lend(Session::in_group(lane.clone(), lease));
        let member = Self {
            home,
            session: None,
            rest: Some(Rest { group, since, done }),
        };
        (session, member)
    }

    pub(super) fn take_back(&mut self) {
        self.session = self.session.take().or_else(|| self.home.take());
    }

    pub(super) fn failure(&self) -> Option<ErrorKind> {
        self.session.as_ref().and_then(Session::failure)
    }

    pub(super) fn refusal(&self) -> DatabaseError {
        let kept = || SessionFailed::kept().into();
        self.session.as_ref().map_or_else(kept, Session::refusal)
    }

    /// Keeps what was done for the group's COMMIT, passes the turn on, and waits for the COMMIT.
    pub(super) async fn done(mut self) -> Outcome {
        let Some(session) = &mut self.session else {
            return Outcome::Lost;
        };
        if session.release_from_group().await.is_err() {
            return Outcome::Lost;
        }
        let lease = self.session.take().and_then(Session::into_lease);
        let (Some(lease), Some(mut rest)) = (lease, self.rest.take()) else {
            return Outcome::Lost;
        };
        let (sender, outcome) = oneshot::channel();
        rest.done.push(sender);
        rest.with(lease).pass_on();
        outcome.await.unwrap_or(Outcome::Unknown)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.take_back();
        let Some(rest) = self.rest.take() else {
            return;
        };
        let lease = self.session.take().and_then(|mut session| {
            session.undo_in_group();
            session.into_lease()
        });
        match lease {
            Some(lease) => rest.with(lease).pass_on(),
            // The work has kept its session, and the transaction with it.
            None => rest.lose(),
        }
    }
}
