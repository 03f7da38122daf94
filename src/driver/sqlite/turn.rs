//! The time for which a thread of the runtime is kept by what runs on it, so that its other tasks have theirs.

use std::cell::Cell;
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::task::Id;

/// How long a thread of the runtime may be kept before its other tasks get their turn.
const TIME: Duration = Duration::from_micros(400);

/// Gives way where the other tasks of this thread are due. A caller that is about to take a connection
/// does so before it has one: given way with one in its hands, it keeps that from them.
pub(crate) async fn give_way_if_due() {
    let mut has_looked = false;
    poll_fn(|context| {
        if has_looked {
            Turn::begin();
        } else if Turn::is_over() {
            has_looked = true;
            return give_way(context);
        }
        Poll::Ready(())
    })
    .await;
}

/// Lets the other tasks of this thread run first, and the runtime look at its timers and sockets: a
/// task that just wakes itself keeps it from that for 60 turns.
pub(super) fn give_way<T>(context: &mut Context<'_>) -> Poll<T> {
    let yielded = std::pin::pin!(tokio::task::yield_now()).poll(context);
    if yielded.is_ready() {
        context.waker().wake_by_ref();
    }
    Poll::Pending
}

/// What keeps a thread of the runtime without a wait: reads that run on it, and rows that are there
/// already.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    began: Instant,
    last: Instant,
    task: Option<Id>,
}

thread_local! {
    /// This thread's turn, where it has one.
    static TURN: Cell<Option<Turn>> = const { Cell::new(None) };
}

impl Turn {
    /// Whether the other tasks of this thread are due; if so, it ends the turn. What comes long after
    /// the last begins another one, and so does another task: this one's turn had ended.
    pub(super) fn is_over() -> bool {
        let now = Instant::now();
        let task = tokio::task::try_id();
        let began = match TURN.get() {
            Some(turn) if turn.task == task && now.duration_since(turn.last) < TIME => turn.began,
            _ => now,
        };
        let over = now.duration_since(began) >= TIME;
        let turn = Self {
            began,
            last: now,
            task,
        };
        TURN.set((!over).then_some(turn));
        over
    }

    /// The others had theirs.
    pub(super) fn begin() {
        let began = Instant::now();
        TURN.set(Some(Self {
            began,
            last: began,
            task: tokio::task::try_id(),
        }));
    }

    /// When the clock was last looked at in this turn, which is now for who has just asked whether the turn
    /// is over.
    pub(super) fn last_look() -> Instant {
        TURN.get().map_or_else(Instant::now, |turn| turn.last)
    }

    /// A read ran on this thread until then.
    pub(super) fn go_on(last: Instant) {
        if let Some(turn) = TURN.get() {
            TURN.set(Some(Self { last, ..turn }));
        }
    }

    /// The thread has waited, or is about to.
    pub(super) fn end() {
        TURN.set(None);
    }
}
