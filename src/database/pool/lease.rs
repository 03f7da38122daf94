//! A connection of a pool while somebody has it.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::AnyConnection;

use super::holders::{self, Holder};
use super::seat::Seat;
use crate::driver::link::Link;

/// A connection of a lane, which goes back to its pool when it is dropped.
///
/// It is an ordinary [`AnyConnection`] and nobody else's meanwhile. What it is left with is put in
/// order before anyone else has it: what still runs is stopped, a transaction is rolled back, and a
/// connection whose session was changed (`SET`, a temporary table, an advisory lock) is closed.
pub struct Lease {
    seat: Seat,
    key: usize,
    since: Instant,
}

impl Lease {
    pub(super) fn new(seat: Seat, holder: Holder) -> Self {
        let since = Instant::now();
        let watch = {
            let mut state = seat.pool.state();
            let key = state.holders.add(holder, since);
            seat.pool.figures.publish(&seat.pool, &state);
            (key, !std::mem::replace(&mut state.is_watched, true))
        };
        if watch.1 {
            holders::watch(&seat.pool);
        }
        Self {
            seat,
            key: watch.0,
            since,
        }
    }

    /// What the driver tells of the connection.
    pub(in crate::database) fn link(&self) -> Option<&Arc<Link>> {
        self.seat.member.as_ref().map(|member| &member.link)
    }

    /// How long it has been held.
    #[must_use]
    pub fn held(&self) -> Duration {
        self.since.elapsed()
    }
}

impl Deref for Lease {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self
            .seat
            .member
            .as_ref()
            .expect("a lease has its connection until it is dropped")
            .conn
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self
            .seat
            .member
            .as_mut()
            .expect("a lease has its connection until it is dropped")
            .conn
    }
}

impl AsMut<AnyConnection> for Lease {
    fn as_mut(&mut self) -> &mut AnyConnection {
        self
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("held", &self.held())
            .finish_non_exhaustive()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.seat.pool.figures.held(self.held());
        self.seat.give_back(Some(self.key));
    }
}
