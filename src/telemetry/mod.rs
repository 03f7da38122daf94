//! What a service tells its operator: log lines and metrics.

mod log;
mod metrics;

pub use log::{chain, init};
pub use metrics::{Metrics, recorder};
