//! The right to a connection, with the connection or without, which no dropped future can lose.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::{AnyConnection, Connection as _};

use super::Inner;
use super::order;
use crate::driver::link::Link;

/// What statements outside of a transaction may do on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::database) enum Mode {
    /// Read and write.
    ReadWrite,
    /// Read only.
    ReadOnly,
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) conn: AnyConnection,
    pub(super) link: Arc<Link>,
    pub(super) opened: Instant,
    /// The age at which it is replaced; `None` for never.
    pub(super) lifetime: Option<Duration>,
    /// Since when it was idle when it was taken; `None` where it comes from another user or is new.
    pub(super) idle_since: Option<Instant>,
    /// Whether another was found dead while it was idle.
    pub(super) is_suspect: bool,
    /// What it was last told that it may do.
    pub(super) mode: Mode,
}

impl Member {
    /// Whether it is as it was when it was taken: nothing under way, no transaction open, nothing set.
    pub(super) fn is_in_order(&self) -> bool {
        !self.conn.should_flush()
            && !self.conn.is_in_transaction()
            && !self.link.is_session_changed()
    }
}

/// The right to one of the pool's connections.
///
/// Dropped, it passes to the next who waits: its connection where that is in order, else the right to
/// open another.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) pool: Arc<Inner>,
    pub(super) member: Option<Member>,
    /// Whether the right is this seat's to give back.
    pub(super) counts: bool,
    /// By which key the pool knows who holds it.
    pub(super) hold: Option<usize>,
}

impl Seat {
    pub(super) fn new(pool: &Arc<Inner>, member: Option<Member>) -> Self {
        Self {
            pool: Arc::clone(pool),
            member,
            counts: true,
            hold: None,
        }
    }

    /// Takes it apart, to be given to someone else.
    pub(super) fn dismantle(mut self) -> Option<Member> {
        self.counts = false;
        self.member.take()
    }

    /// Gives the right back, with its connection, and ends the hold on it.
    fn give_back(&mut self) {
        if !self.counts {
            return;
        }
        self.counts = false;
        let hold = self.hold.take();
        match self.member.take() {
            Some(member) if member.is_in_order() => order::give_back(&self.pool, member, hold),
            Some(member) => order::put_in_order(&self.pool, member, hold),
            None => order::give_up(&self.pool, hold),
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.give_back();
    }
}
