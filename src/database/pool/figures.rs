//! What a pool counts, for [`PoolStatus`](super::PoolStatus) and as metrics.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use super::Inner;
use super::durations::Durations;
use super::state::State;

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Count {
    Acquired,
    Connects,
    ConnectErrors,
    Recycled,
    DroppedByPing,
    PutInOrder,
    Discarded,
    Timeouts,
    Shed,
    Leaked,
}

/// The metrics of [`Count`], in its order.
const COUNTERS: [&str; 10] = [
    "twinbase_pool_acquired_total",
    "twinbase_pool_connects_total",
    "twinbase_pool_connect_errors_total",
    "twinbase_pool_recycled_total",
    "twinbase_pool_dropped_by_ping_total",
    "twinbase_pool_put_in_order_total",
    "twinbase_pool_discarded_total",
    "twinbase_pool_timeouts_total",
    "twinbase_pool_shed_total",
    "twinbase_pool_leaked_total",
];

/// The figures of a pool since it was made.
#[derive(Debug)]
pub(super) struct Figures {
    pool: &'static str,
    counts: [AtomicU64; COUNTERS.len()],
    pub(super) waits: Durations,
    pub(super) holds: Durations,
    meters: OnceLock<Meters>,
}

/// Where the metrics go. Looked up once: a look-up costs more than what is counted.
struct Meters {
    counters: [Counter; COUNTERS.len()],
    size: Gauge,
    idle: Gauge,
    in_use: Gauge,
    overflow: Gauge,
    waiting: Gauge,
    wait: Histogram,
    held: Histogram,
}

impl Figures {
    pub(super) fn new(pool: &'static str) -> Self {
        Self {
            pool,
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
            waits: Durations::default(),
            holds: Durations::default(),
            meters: OnceLock::new(),
        }
    }

    fn meters(&self) -> &Meters {
        self.meters.get_or_init(|| {
            let pool = self.pool;
            Meters {
                counters: COUNTERS.map(|name| counter!(name, "pool" => pool)),
                size: gauge!("twinbase_pool_size", "pool" => pool),
                idle: gauge!("twinbase_pool_idle", "pool" => pool),
                in_use: gauge!("twinbase_pool_in_use", "pool" => pool),
                overflow: gauge!("twinbase_pool_overflow", "pool" => pool),
                waiting: gauge!("twinbase_pool_waiting", "pool" => pool),
                wait: histogram!("twinbase_pool_acquire_seconds", "pool" => pool),
                held: histogram!("twinbase_pool_held_seconds", "pool" => pool),
            }
        })
    }

    pub(super) fn add(&self, count: Count) {
        let at = count as usize;
        self.counts[at].fetch_add(1, Ordering::Relaxed);
        self.meters().counters[at].increment(1);
    }

    pub(super) fn get(&self, count: Count) -> u64 {
        self.counts[count as usize].load(Ordering::Relaxed)
    }

    /// A caller got a connection after this time.
    pub(super) fn acquired(&self, waited: Duration) {
        self.add(Count::Acquired);
        self.waits.add(waited);
        self.meters().wait.record(waited);
    }

    /// A caller gave its connection back after this time.
    pub(super) fn held(&self, held: Duration) {
        self.holds.add(held);
        self.meters().held.record(held);
    }

    /// Tells how the pool is now.
    pub(super) fn publish(&self, pool: &Inner, state: &State) {
        let meters = self.meters();
        let overflow = state.size.saturating_sub(pool.settings.kept);
        for (gauge, number) in [
            (&meters.size, state.size),
            (&meters.idle, state.idle.len()),
            (&meters.in_use, state.holders.len()),
            (&meters.overflow, overflow),
            (&meters.waiting, state.waiting),
        ] {
            gauge.set(f64::from(u32::try_from(number).unwrap_or(u32::MAX)));
        }
    }
}

impl std::fmt::Debug for Meters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meters").finish_non_exhaustive()
    }
}
