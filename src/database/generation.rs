//! Which pooled connections are still good, by when they were opened.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The moment before which connections are not used any more: a failover, a restart, a file that was
/// replaced.
#[derive(Debug, Clone, Default)]
pub(super) struct Generation(Arc<Mutex<Option<Instant>>>);

impl Generation {
    /// Ends the generation: what is open now is replaced before it is used again.
    pub(super) fn retire(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether a connection of this age is of an ended generation.
    pub(super) fn is_over(&self, age: Duration) -> bool {
        let ended = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ended.is_some_and(|ended| ended.elapsed() <= age)
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
