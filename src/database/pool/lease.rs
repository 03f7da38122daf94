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
    since: Instant,
}

impl Lease {
    /// Of a seat that its caller has from now on.
    pub(super) fn new(mut seat: Seat, since: Instant, holder: &Holder) -> Self {
        if seat.hold.is_none() {
            let is_watched = {
                let mut state = seat.pool.state();
                seat.hold = Some(state.holders.add(holder.clone(), since));
                seat.pool.figures.publish(&seat.pool, &state);
                std::mem::replace(&mut state.is_watched, true)
            };
            if !is_watched {
                holders::watch(&seat.pool);
            }
        }
        Self { seat, since }
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
        // The seat goes back by itself.
        self.seat.pool.figures.held(self.held());
    }
}
