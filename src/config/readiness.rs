//! `[readiness]`: how often and how patiently the dependencies are probed.

use std::time::Duration;

use super::duration::span;
use super::section::section;

section! {
    /// How often and how patiently the dependencies are probed.
    pub struct ReadinessConfig in readiness {
        /// The pause between two probes while all is well; 10ms to 10m.
        ///
        /// It bounds how old the answer of the readiness endpoint can be.
        pub interval: Duration = Duration::from_secs(1), span(10..=600_000);

        /// How long one probe may take before the dependency counts as disconnected; 10ms to 10m.
        pub timeout: Duration = Duration::from_secs(2), span(10..=600_000);

        /// The longest pause between two tries while a dependency is away; 10ms to 10m.
        ///
        /// The pauses grow up to it, so that a server that comes back isn't met by a crowd.
        pub retry_max: Duration = Duration::from_secs(5), span(10..=600_000);
    }
}
