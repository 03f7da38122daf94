//! The pool of a lane: who has a connection, who waits for one, and why that takes long.
//!
//! It keeps the promises of SQLAlchemy's `QueuePool`: `pool_size` connections are kept, up to
//! `max_overflow` more are closed when they come back, the wait is bounded by `acquire_timeout`, a
//! connection is tested and its age is looked at when it is taken, and what it was left with is rolled
//! back when it returns. Waiters get their turn in the order of their arrival, idle connections the
//! other way round, so that those of a burst stay unused and are replaced.
//!
//! Connections are opened here rather than by an [`sqlx::AnyPool`], whose every release costs a round
//! trip and a task, which tries again in silence, and whose time-out hides the cause (transact-rs/sqlx
//! up to 0.9.0: #3808, #3929, #1860, #2854, #3645).
//!
//! - `seat`: the right to a connection, which can't be lost
//! - `state`: the counts, the queue and the idle connections, under one lock
//! - `acquire`: taking a connection; `check`: whether it is still good; `lease`: holding it
//! - `order`: what happens to one that comes back in disorder; `stop`: ending what still runs on it
//! - `load`: refusing early under overload; `holders`: who holds what, and the watch over them
//! - `figures`, `durations`, `status`: what is counted and told; `error`: why there is none

mod acquire;
mod check;
mod durations;
mod error;
mod figures;
mod holders;
mod lease;
mod load;
mod order;
mod seat;
mod state;
mod status;
mod stop;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

pub use durations::DurationHistogram;
pub use error::{AcquireError, AcquireErrorCause};
pub use lease::Lease;
pub use status::PoolStatus;

pub(super) use holders::Holder;
pub(super) use seat::Mode;

use super::DatabaseError;
use super::connect::{Connector, Purpose};
use super::generation::Generation;
use crate::config::DatabaseConfig;
use figures::{Count, Figures};
use load::Load;
use state::State;
use stop::Stopper;

/// What a pool is made with.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// The connections that are kept.
    pub(super) kept: usize,
    /// The connections that are open at the most.
    pub(super) max: usize,
    pub(super) acquire_timeout: Duration,
    /// Zero for never.
    pub(super) recycle: Duration,
    /// `None` where connections are not tested.
    pub(super) pre_ping_idle: Option<Duration>,
    pub(super) ping_timeout: Duration,
    /// Zero for never.
    pub(super) leak_warning: Duration,
}

impl Settings {
    /// The configured ones, for so many connections and so many more.
    pub(super) fn new(config: &DatabaseConfig, kept: u32, overflow: u32) -> Self {
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            kept: count(kept),
            max: count(kept.saturating_add(overflow)),
            acquire_timeout: config.acquire_timeout,
            recycle: config.recycle,
            pre_ping_idle: config.pre_ping.then_some(config.pre_ping_idle),
            ping_timeout: config.ping_timeout,
            leak_warning: config.leak_warning,
        }
    }
}

/// The pool of a lane. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Pool(Arc<Inner>);

/// A [`Pool`] that is not kept.
#[derive(Debug, Clone)]
pub(super) struct WeakPool(Weak<Inner>);

impl WeakPool {
    /// The pool, while somebody has it and it is open.
    pub(super) fn upgrade(&self) -> Option<Pool> {
        let pool = self.0.upgrade()?;
        let closed = pool.state().closed;
        (!closed).then_some(Pool(pool))
    }
}

#[derive(Debug)]
struct Inner {
    /// What it is called in logs, errors and metrics.
    name: &'static str,
    connector: Arc<Connector>,
    purpose: Purpose,
    settings: Settings,
    generation: Generation,
    state: Mutex<State>,
    figures: Figures,
    stopper: Stopper,
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    /// Makes the pool and opens no connection.
    pub(super) fn new(
        name: &'static str,
        connector: &Arc<Connector>,
        purpose: Purpose,
        settings: Settings,
        config: &DatabaseConfig,
        generation: Generation,
    ) -> Self {
        let load = Load::new(
            config.shed_target,
            config.shed_interval,
            settings.acquire_timeout,
        );
        Self(Arc::new(Inner {
            name,
            connector: Arc::clone(connector),
            purpose,
            settings,
            generation,
            state: Mutex::new(State::new(load)),
            figures: Figures::new(name),
            stopper: Stopper::new(Arc::clone(connector)),
        }))
    }

    /// A reference that does not keep the pool.
    pub(super) fn downgrade(&self) -> WeakPool {
        WeakPool(Arc::downgrade(&self.0))
    }

    pub(super) fn acquire_timeout(&self) -> Duration {
        self.0.settings.acquire_timeout
    }

    /// The error of a caller who has waited for so long in a queue before the pool's; counts it.
    pub(super) fn time_out(&self, waited: Duration) -> DatabaseError {
        self.0.figures.add(Count::Timeouts);
        let state = self.0.state();
        AcquireError::new(&self.0, &state, AcquireErrorCause::TimedOut, waited).into()
    }

    /// Tells its figures as metrics.
    pub(super) fn publish_figures(&self) {
        self.0.figures.publish(&self.0, &self.0.state());
    }

    /// Its figures at this moment.
    pub(super) fn status(&self) -> PoolStatus {
        status::of(&self.0)
    }

    /// Refuses whoever asks and waits from now on, and waits until each connection has come back and
    /// is closed.
    pub(super) async fn close(&self) {
        order::close(&self.0).await;
    }
}
