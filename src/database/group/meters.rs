//! What groups count.

use metrics::{Counter, Histogram, counter, histogram};

/// Counts the members of groups by what became of them.
pub(super) const OUTCOMES: &str = "twinbase_group_members_total";

/// Where the metrics of each member go. Looked up once: a look-up costs more than what is counted.
pub(super) struct Meters {
    pub(super) committed: Counter,
    pub(super) rolled_back: Counter,
    pub(super) size: Histogram,
}

impl Meters {
    pub(super) fn new() -> Self {
        Self {
            committed: counter!(OUTCOMES, "outcome" => "committed"),
            rolled_back: counter!(OUTCOMES, "outcome" => "rolled back"),
            size: histogram!("twinbase_group_size"),
        }
    }
}

impl std::fmt::Debug for Meters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meters").finish_non_exhaustive()
    }
}
