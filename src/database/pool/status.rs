//! The figures of a pool.

use std::time::Duration;

use super::Inner;
use super::durations::DurationHistogram;
use super::figures::Count;

/// What a pool looks like at one moment, and what it has done since it was made.
///
/// The same figures are metrics, named `twinbase_pool_…` with the label `pool`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStatus {
    /// Which pool: `primary` on PostgreSQL; `writer` and `reader` on SQLite.
    pub name: &'static str,
    /// The connections that are open, being opened, or being put in order.
    pub size: usize,
    /// The connections that nobody uses.
    pub idle: usize,
    /// The connections that somebody has.
    pub in_use: usize,
    /// The connections beyond `pool_size`, which are closed when they come back.
    pub overflow: usize,
    /// The callers that wait for one.
    pub waiting: usize,
    /// How long the connection that is held the longest has been, and by whom.
    pub longest_held: Option<(String, Duration)>,
    /// How long those who got a connection waited for it.
    pub waits: DurationHistogram,
    /// How long connections were held that have come back.
    pub holds: DurationHistogram,
    /// How often a connection was taken.
    pub acquired: u64,
    /// The connections that were opened.
    pub connects: u64,
    /// The tries to open one that failed.
    pub connect_errors: u64,
    /// The connections that were replaced for their age, or because they were older than a failure.
    pub recycled: u64,
    /// The connections that were found dead when they were taken.
    pub dropped_by_ping: u64,
    /// The connections that came back with something left to do on them and are of use again.
    pub put_in_order: u64,
    /// The connections that came back in a state in which they could not be used again.
    pub discarded: u64,
    /// The callers for whom none came free in time.
    pub timeouts: u64,
    /// The callers that were refused because of overload.
    pub shed: u64,
    /// The connections that were held for longer than `leak_warning`.
    pub leaked: u64,
}

pub(super) fn of(pool: &Inner) -> PoolStatus {
    let state = pool.state();
    let count = |count| pool.figures.get(count);
    PoolStatus {
        name: pool.name,
        size: state.size,
        idle: state.idle.len(),
        in_use: state.holders.len(),
        overflow: state.size.saturating_sub(pool.settings.kept),
        waiting: state.waiting,
        longest_held: state
            .holders
            .longest()
            .map(|(holder, since)| (holder.to_string(), since.elapsed())),
        waits: pool.figures.waits.read(),
        holds: pool.figures.holds.read(),
        acquired: count(Count::Acquired),
        connects: count(Count::Connects),
        connect_errors: count(Count::ConnectErrors),
        recycled: count(Count::Recycled),
        dropped_by_ping: count(Count::DroppedByPing),
        put_in_order: count(Count::PutInOrder),
        discarded: count(Count::Discarded),
        timeouts: count(Count::Timeouts),
        shed: count(Count::Shed),
        leaked: count(Count::Leaked),
    }
}
