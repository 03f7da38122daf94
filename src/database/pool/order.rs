//! What happens to a connection that comes back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::Connection as _;
use sqlx_core::any::AnyTransactionManager;
use sqlx_core::transaction::TransactionManager as _;
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::Inner;
use super::error::AcquireErrorCause;
use super::figures::Count;
use super::seat::{Member, Seat};

/// How long a connection that comes back may take for what was left to do on it, before what runs on
/// it is stopped. Most dropped statements are over by then, and the connection is of use again.
const GRACE: Duration = Duration::from_millis(100);

/// How long a connection may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(5);

/// Takes back a connection that is in order, from whoever had this hold on it.
pub(super) fn give_back(pool: &Arc<Inner>, member: Member, hold: Option<usize>) {
    member.link.set_statement_timeout(None);
    let now = Instant::now();
    let surplus = {
        let mut state = pool.state();
        state.holders.end(hold);
        let surplus = if state.closed {
            state.size -= 1;
            Some(member)
        } else {
            match state.pass_on(pool, now, Some(member)) {
                Ok(()) => None,
                Err(member) => state.keep(pool, now, member),
            }
        };
        pool.figures.publish(pool, &state);
        surplus
    };
    if let Some(member) = surplus {
        close_member(member);
    }
}

/// Takes back the right to a connection.
pub(super) fn give_up(pool: &Arc<Inner>, hold: Option<usize>) {
    let mut state = pool.state();
    state.holders.end(hold);
    if state.closed || state.pass_on(pool, Instant::now(), None).is_err() {
        state.size -= 1;
    }
    pool.figures.publish(pool, &state);
}

/// Takes back a connection on which something is left to do: does it, or closes the connection.
///
/// It counts as open meanwhile, so that the pool does not open another one for it.
pub(super) fn put_in_order(pool: &Arc<Inner>, member: Member, hold: Option<usize>) {
    if member.link.is_lost() {
        tracing::warn!(
            pool = pool.name,
            backend = member.link.backend().map(|backend| backend.pid),
            "a connection was lost while it was used; those that are idle are tested before they are used"
        );
        pool.state().suspected = Some(Instant::now());
    }
    let Ok(runtime) = Handle::try_current() else {
        // Without a runtime nothing can be done for it. Its socket or file is closed here.
        drop(member);
        give_up(pool, hold);
        return;
    };
    pool.state().holders.end(hold);
    // Its right passes on even where the task never runs.
    let mut seat = Seat::new(pool, None);
    let mut member = Some(member);
    runtime.spawn(async move {
        if let Some(mut member) = member.take() {
            if settle(&seat.pool, &mut member).await {
                seat.member = Some(member);
            } else {
                discard(&seat.pool, member).await;
            }
        }
        drop(seat);
    });
}

/// Does what is left to do; false where the connection is of no more use.
async fn settle(pool: &Inner, member: &mut Member) -> bool {
    if member.link.is_session_changed() {
        tracing::debug!(
            pool = pool.name,
            "a connection whose session was changed is closed rather than used again"
        );
        pool.figures.add(Count::Discarded);
        return false;
    }
    // Once more than it is deep: the first answers a begin whose future was dropped, if there was one.
    // A transaction that SQL text began is ended by the ping.
    for _ in 0..=AnyTransactionManager::get_transaction_depth(&member.conn) {
        if member.conn.is_in_transaction() {
            AnyTransactionManager::start_rollback(&mut member.conn);
        }
    }
    match timeout(GRACE, member.conn.ping()).await {
        Ok(Ok(())) => {
            let is_in_order = member.is_in_order();
            pool.figures.add(if is_in_order {
                Count::PutInOrder
            } else {
                Count::Discarded
            });
            return is_in_order;
        }
        Ok(Err(error)) => {
            tracing::warn!(pool = pool.name, %error, "a connection could not be put in order, it is closed");
            pool.figures.add(Count::Discarded);
            return false;
        }
        Err(_) => {}
    }
    tracing::info!(
        pool = pool.name,
        backend = member.link.backend().map(|backend| backend.pid),
        "a statement whose caller has gone still runs: it is stopped, and its connection closed"
    );
    pool.figures.add(Count::Discarded);
    if let Some(backend) = member.link.backend() {
        pool.stopper.stop(backend).await;
    }
    false
}

async fn discard(pool: &Inner, member: Member) {
    if timeout(GOODBYE, member.conn.close_hard()).await.is_err() {
        tracing::debug!(
            pool = pool.name,
            "dropped a connection that did not close in time"
        );
    }
}

/// Closes a connection that is of no more use, in the background.
pub(super) fn close_member(member: Member) {
    let Ok(runtime) = Handle::try_current() else {
        return;
    };
    runtime.spawn(say_goodbye(member));
}

/// Closes the idle connections of a generation that is over.
pub(super) fn close_idle_of_before(pool: &Inner) {
    let over = {
        let mut state = pool.state();
        let (over, good) = std::mem::take(&mut state.idle)
            .into_iter()
            .partition::<Vec<_>, _>(|idle| pool.generation.is_over(idle.member.opened.elapsed()));
        state.idle = good;
        state.size -= over.len();
        pool.figures.publish(pool, &state);
        over
    };
    for idle in over {
        pool.figures.add(Count::Recycled);
        close_member(idle.member);
    }
}

/// Closes the pool, and waits until each connection has come back.
pub(super) async fn close(pool: &Inner) {
    let idle = {
        let mut state = pool.state();
        state.closed = true;
        let idle = std::mem::take(&mut state.idle);
        state.size -= idle.len();
        state.waiting = 0;
        // Under the lock: whoever leaves the queue without an answer counts as waiting.
        for waiting in std::mem::take(&mut state.queue) {
            // Whoever has gone has no use for it.
            let _ = waiting.reply.send(Err(AcquireErrorCause::Closed));
        }
        pool.figures.publish(pool, &state);
        idle
    };
    futures_util::future::join_all(idle.into_iter().map(|idle| say_goodbye(idle.member))).await;
    while pool.state().size > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Last, since what comes back may have to be stopped.
    pool.stopper.close().await;
}

async fn say_goodbye(member: Member) {
    if let Ok(Err(error)) = timeout(GOODBYE, member.conn.close()).await {
        tracing::debug!(%error, "a connection was closed with an error");
    }
}
