//! When a connection was last asked something that its server has answered, which may spare it a ping.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// For so long after a statement was sent, its answer is as good as that to a ping. It is short beside the
/// time for which a connection is idle before anybody thinks of testing it, and long beside what a busy pool
/// takes to hand it out again. `HikariCP` takes half a second for it
/// (`com.zaxxer.hikari.aliveBypassWindowMs`).
const AS_GOOD_AS_A_PING: Duration = Duration::from_millis(10);

/// How many connections of this process were lost. What ended one may have ended others, and an answer from
/// before a loss does not say whether its connection has survived that.
static LOST: AtomicU64 = AtomicU64::new(0);

/// The moment when the server was sent what it has answered since. The answer may have been read much later.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    at: Instant,
    lost: u64,
}

impl Asked {
    /// What is sent now.
    pub(super) fn now() -> Self {
        Self {
            at: Instant::now(),
            lost: LOST.load(Ordering::Acquire),
        }
    }

    /// Whether the answer tells what a ping would.
    pub(super) fn is_as_good_as_a_ping(self) -> bool {
        self.at.elapsed() < AS_GOOD_AS_A_PING && self.lost == LOST.load(Ordering::Acquire)
    }
}

/// Takes note that a connection was lost.
pub(super) fn note_loss() {
    LOST.fetch_add(1, Ordering::AcqRel);
}
