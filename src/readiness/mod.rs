//! Readiness: a probe of its own watches the database, and requests read its last result.

mod probe;
mod schema;
mod state;
mod watcher;

pub use state::{DependencyState, Snapshot};
pub use watcher::Watcher;
