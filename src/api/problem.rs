//! Errors as problem details (RFC 9457).

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use poem::error::{MethodNotAllowedError, NotFoundError};
use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};
use serde::Serialize;

use super::Document;
use super::allow::Routes;
use super::failure;
use crate::database::DatabaseError;

/// Problem details (RFC 9457), the body of every error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What kind of problem; `about:blank` where the status says it all.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The path that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
}

impl Problem {
    /// A problem of which the status says what kind it is.
    #[must_use]
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..Self::bare(status)
        }
    }

    /// A problem of which the status says all.
    #[must_use]
    pub fn bare(status: StatusCode) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: None,
            instance: None,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).expect("a problem is strings and a number");
        Response::builder()
            .status(status)
            .content_type("application/problem+json")
            .body(body)
    }
}

const UNAVAILABLE: &str = "the database is overloaded or away; try again later";

const INTERNAL: &str = "the server failed; its log says why";

/// A path as far as an answer or a log line repeats it.
fn shortened(path: &str) -> String {
    const LONGEST: usize = 256;
    match path.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &path[..end]),
        None => path.to_owned(),
    }
}

/// Turns every error that comes up from the operations into problem details.
#[derive(Debug, Clone)]
pub(super) struct Problems(Routes);

impl Problems {
    pub(super) fn new(document: &Document) -> Self {
        Self(Routes::new(document.routes()))
    }
}

impl<E: Endpoint> Middleware<E> for Problems {
    type Output = ProblemsEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        ProblemsEndpoint {
            inner,
            routes: self.0.clone(),
        }
    }
}

pub(super) struct ProblemsEndpoint<E> {
    inner: E,
    routes: Routes,
}

impl<E: Endpoint> Endpoint for ProblemsEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let method = request.method().clone();
        let path = shortened(request.original_uri().path());
        match AssertUnwindSafe(self.inner.call(request))
            .catch_unwind()
            .await
        {
            Ok(Ok(answer)) => Ok(answer.into_response()),
            Ok(Err(error)) => Ok(self.answer(error, &method, path)),
            // The panic itself is in the log.
            Err(_) => {
                metrics::counter!("twinbase_http_panics_total").increment(1);
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                Ok(Problem {
                    instance: Some(path),
                    ..Problem::new(status, INTERNAL)
                }
                .into_response())
            }
        }
    }
}

impl<E> ProblemsEndpoint<E> {
    fn answer(&self, error: poem::Error, method: &Method, path: String) -> Response {
        let status = error.status();
        let not_allowed = error.is::<MethodNotAllowedError>();
        // An error that carries a response of its own has said what it means to say, if it says anything.
        if error.is_from_response() && !not_allowed {
            let response = error.into_response();
            return match response.content_type() {
                Some(_) => response,
                None => Problem {
                    instance: Some(path),
                    ..Problem::bare(status)
                }
                .into_response(),
            };
        }
        let allow = if not_allowed {
            self.routes.allow(&path)
        } else {
            None
        };
        let detail = match status {
            StatusCode::SERVICE_UNAVAILABLE => {
                tracing::warn!(path, %method, error = %error, "a request was refused for now");
                UNAVAILABLE.to_owned()
            }
            // An operation's own 404 says what it did not find.
            StatusCode::NOT_FOUND if error.is::<NotFoundError>() => {
                format!("no operation has the path {path}; /docs lists them all")
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                format!(
                    "{path} knows {}, not {method}",
                    allow.unwrap_or("other methods")
                )
            }
            status if status.is_server_error() => {
                tracing::error!(path, %method, error = %error, "a request failed");
                INTERNAL.to_owned()
            }
            _ => match error.downcast_ref::<DatabaseError>() {
                Some(error) => failure::detail(error),
                None => error.to_string(),
            },
        };
        let problem = Problem {
            instance: Some(path),
            ..Problem::new(status, detail)
        };
        let mut response = problem.into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let soon = HeaderValue::from_static("1");
            response.headers_mut().insert(header::RETRY_AFTER, soon);
        }
        if let Some(value) = allow.and_then(|allow| HeaderValue::from_str(allow).ok()) {
            response.headers_mut().insert(header::ALLOW, value);
        }
        response
    }
}
