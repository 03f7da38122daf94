//! Which pooled connections are still good, by when they were opened.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The moment before which connections are not used any more: a failover, a restart, a file that was
/// replaced.
///
/// It is asked each time that a connection is taken, so there is no lock in it.
#[derive(Debug, Clone)]
pub(super) struct Generation(Arc<Ended>);

#[derive(Debug)]
struct Ended {
    base: Instant,
    /// Nanoseconds after `base`, which is enough for centuries; 0 for never.
    at: AtomicU64,
}

impl Default for Generation {
    fn default() -> Self {
        Self(Arc::new(Ended {
            base: Instant::now(),
            at: AtomicU64::new(0),
        }))
    }
}

impl Generation {
    /// Ends the generation: what is open now is replaced before it is used again.
    pub(super) fn retire(&self) {
        let nanos = u64::try_from(self.0.base.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.0.at.store(nanos.max(1), Ordering::Release);
    }

    /// Whether a connection of this age is of an ended generation.
    pub(super) fn is_over(&self, age: Duration) -> bool {
        match self.0.at.load(Ordering::Acquire) {
            0 => false,
            nanos => {
                self.0
                    .base
                    .elapsed()
                    .saturating_sub(Duration::from_nanos(nanos))
                    <= age
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_open_at_the_retirement_is_over_and_what_came_later_is_not() {
        let generation = Generation::default();
        assert!(!generation.is_over(Duration::from_hours(1)));
        generation.retire();
        assert!(generation.is_over(Duration::from_mins(1)));
        assert!(!generation.is_over(Duration::ZERO));
    }
}
