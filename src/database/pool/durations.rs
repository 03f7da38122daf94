//! How long things took, in buckets.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper bounds of the buckets; a last one has the rest.
const BOUNDS: [Duration; 12] = [
    Duration::from_micros(100),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
];

/// Counts durations.
#[derive(Debug, Default)]
pub(super) struct Durations {
    counts: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
}

/// How often something took how long, since the pool was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DurationHistogram {
    /// How often it took up to this long, and longer than the bound before; the last bound is
    /// [`Duration::MAX`].
    pub buckets: Vec<(Duration, u64)>,
    /// How often in all.
    pub count: u64,
    /// How long in all, to the microsecond.
    pub sum: Duration,
}

impl Durations {
    pub(super) fn add(&self, took: Duration) {
        let at = BOUNDS.partition_point(|bound| *bound < took);
        self.counts[at].fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> DurationHistogram {
        let bounds = BOUNDS.into_iter().chain([Duration::MAX]);
        let counts = self
            .counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        let buckets: Vec<_> = bounds.zip(counts).collect();
        DurationHistogram {
            count: buckets.iter().map(|(_, count)| count).sum(),
            sum: Duration::from_micros(self.micros.load(Ordering::Relaxed)),
            buckets,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_duration_is_in_the_bucket_of_its_upper_bound() {
        let durations = Durations::default();
        for micros in [0, 100, 101, 1_000_000, 60_000_000] {
            durations.add(Duration::from_micros(micros));
        }
        let read = durations.read();
        assert_eq!(
            (read.count, read.sum),
            (5, Duration::from_micros(61_000_201))
        );
        let of = |bound| {
            read.buckets
                .iter()
                .find(|(known, _)| *known == bound)
                .map(|(_, count)| *count)
        };
        assert_eq!(of(Duration::from_micros(100)), Some(2));
        assert_eq!(of(Duration::from_micros(500)), Some(1));
        assert_eq!(of(Duration::from_secs(1)), Some(1));
        assert_eq!(of(Duration::MAX), Some(1));
    }
}
