//! The pauses between tries.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// Pauses that double up to a limit, each shortened at random by up to a half so that those who try do
/// not knock in step.
#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    limit: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration, limit: Duration) -> Self {
        Self {
            first,
            limit,
            next: first.min(limit),
        }
    }

    pub(crate) fn reset(&mut self) {
        self.next = self.first.min(self.limit);
    }

    pub(crate) fn pause(&mut self) -> Duration {
        let full = self.next;
        self.next = (full * 2).min(self.limit);
        // A hasher with fresh keys is the standard library's source of randomness.
        let part = RandomState::new().hash_one(full) % 1000;
        full.mul_f64(1.0 - f64::from(u16::try_from(part).unwrap_or(0)) / 2000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_the_limit_and_start_again() {
        let (first, limit) = (Duration::from_millis(100), Duration::from_secs(5));
        let mut backoff = Backoff::new(first, limit);
        let mut full = first;
        for _ in 0..12 {
            let pause = backoff.pause();
            assert!(pause <= full && pause * 2 >= full, "{pause:?} of {full:?}");
            full = (full * 2).min(limit);
        }
        assert_eq!(full, limit);
        backoff.reset();
        assert!(backoff.pause() <= first);
    }
}
