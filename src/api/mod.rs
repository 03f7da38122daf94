//! The HTTP side: operations, their document, and answers for everything that goes wrong.

mod allow;
mod document;
mod failure;
mod hangup;
mod health;
mod limit;
mod observe;
mod problem;
mod session;
mod system;

use std::sync::{Arc, OnceLock};

use poem::endpoint::BoxEndpoint;
use poem::{EndpointExt as _, IntoEndpoint as _, Response};
use poem_openapi::{OpenApi, OpenApiService};
use tokio::sync::watch;

pub use document::Document;
pub use hangup::{Callers, WatchedAcceptor, WatchedStream};
pub use health::{Dependencies, Liveness, Readiness};
pub use observe::Abandoned;
pub use problem::Problem;
pub use session::{ReadSession, Sessions, SessionsEndpoint, WriteSession};

use crate::database::Database;
use crate::readiness::Snapshot;
use crate::telemetry::Metrics;
use health::HealthApi;
use system::SystemApi;

/// What the operations need to answer.
#[derive(Debug, Clone)]
pub struct State {
    /// What an application's operations take as `Data<&Database>`.
    pub database: Database,
    /// The last probe's result.
    pub snapshots: watch::Receiver<Snapshot>,
    /// What `GET /metrics` shows.
    pub metrics: Metrics,
    /// Counts the requests that are dropped before their answer.
    pub abandoned: Abandoned,
    /// The connections of the clients, whose requests are dropped when they go away.
    pub callers: Callers,
    /// The largest request body that is read, in bytes.
    pub body_limit: usize,
}

/// Twinbase's operations, with those of the application beside them.
type All<A> = (HealthApi, SystemApi, A);

fn service<A: OpenApi>(
    health: HealthApi,
    system: SystemApi,
    api: A,
    title: &str,
    version: &str,
) -> OpenApiService<All<A>, ()> {
    OpenApiService::new((health, system, api), title, version).description(
        "Errors are problem details (RFC 9457), media type `application/problem+json`. A path that is not \
         listed here answers 404 in the same form. What is no HTTP request is refused before any operation, \
         with a bare 400, 414 or 431.",
    )
}

/// The `OpenAPI` document of Twinbase's operations and `api`'s: it needs no server and no database.
///
/// ```
/// let document = twinbase::api::document((), "Notes", "1.0.0");
/// assert_eq!(document.json()["info"]["title"], "Notes");
/// assert!(document.pretty().contains("/api/v1/ready"));
/// ```
#[must_use]
pub fn document<A: OpenApi>(api: A, title: &str, version: &str) -> Document {
    let (_, snapshots) = watch::channel(Snapshot::unknown());
    let system = SystemApi::new(Arc::default(), crate::telemetry::recorder());
    let service = service(HealthApi::new(snapshots), system, api, title, version);
    Document::new(&service.spec(), &service.swagger_ui_html())
}

/// The whole server as one endpoint: the operations, Swagger UI, the document, and the answers to
/// requests that fit none of them.
#[must_use]
pub fn endpoint<A: OpenApi + 'static>(
    state: State,
    api: A,
    title: &str,
    version: &str,
) -> BoxEndpoint<'static, Response> {
    let document = Arc::new(OnceLock::new());
    let system = SystemApi::new(Arc::clone(&document), state.metrics);
    let service = service(HealthApi::new(state.snapshots), system, api, title, version);
    let document = document
        .get_or_init(|| Document::new(&service.spec(), &service.swagger_ui_html()))
        .clone();
    service
        .into_endpoint()
        .with(session::Sessions)
        .data(state.database)
        .with(limit::BodyLimit(state.body_limit))
        .with(problem::Problems::new(&document))
        .with(observe::Observe(state.abandoned))
        .with(hangup::Hangup(state.callers))
        .boxed()
}
