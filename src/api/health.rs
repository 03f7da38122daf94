//! Liveness and readiness.

#![expect(
    clippy::unused_async,
    reason = "poem-openapi wants operations to be async"
)]

use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use tokio::sync::watch;

use crate::readiness::{DependencyState, Snapshot};

/// Whether the service can serve requests.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct Readiness {
    /// True while every required dependency answers.
    pub ready: bool,
    /// Each dependency.
    pub dependencies: Dependencies,
}

/// How each dependency answered its last probe.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct Dependencies {
    /// The database.
    pub db: DependencyState,
    /// Redis, which nothing here uses or asks.
    pub redis: DependencyState,
}

/// That the process runs.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub struct Liveness {
    /// Always true: a process that isn't live doesn't answer.
    pub live: bool,
}

#[derive(ApiResponse)]
enum ReadinessResponse {
    /// The service is ready.
    #[oai(status = 200, content_type = "application/json")]
    Ready(Json<Readiness>),
    /// The service is not ready; the same shape says why.
    #[oai(status = 503, content_type = "application/json")]
    NotReady(
        Json<Readiness>,
        /// Seconds until it makes sense to ask again.
        #[oai(header = "Retry-After")]
        u64,
    ),
}

#[derive(ApiResponse)]
enum LivenessResponse {
    /// The process runs.
    #[oai(status = 200, content_type = "application/json")]
    Live(Json<Liveness>),
}

pub(super) struct HealthApi {
    snapshots: watch::Receiver<Snapshot>,
}

impl HealthApi {
    pub(super) fn new(snapshots: watch::Receiver<Snapshot>) -> Self {
        Self { snapshots }
    }
}

#[OpenApi(prefix_path = "/api/v1")]
impl HealthApi {
    /// Can the service serve requests?
    ///
    /// Answers with the last probe's result and never waits for a dependency.
    #[oai(path = "/ready", method = "get", operation_id = "ready")]
    async fn ready(&self) -> ReadinessResponse {
        let now = self.snapshots.borrow().clone();
        // A database that nobody has asked yet has not answered.
        let db = match now.database {
            DependencyState::Connected => DependencyState::Connected,
            DependencyState::Disconnected | DependencyState::Unknown => {
                DependencyState::Disconnected
            }
        };
        let body = Json(Readiness {
            ready: now.ready,
            dependencies: Dependencies {
                db,
                redis: DependencyState::Unknown,
            },
        });
        if now.ready {
            ReadinessResponse::Ready(body)
        } else {
            let seconds = now.next_probe.as_secs() + u64::from(now.next_probe.subsec_nanos() > 0);
            ReadinessResponse::NotReady(body, seconds.max(1))
        }
    }

    /// Does the process run?
    ///
    /// Never looks at a dependency: restarting this process would not mend one.
    #[oai(path = "/live", method = "get", operation_id = "live")]
    async fn live(&self) -> LivenessResponse {
        LivenessResponse::Live(Json(Liveness { live: true }))
    }
}
