//! A measurement a request, and a count of those that were never answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use poem::http::Method;
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

/// How many requests were dropped before their answer was ready: by a client that went away, or by a
/// stop that could not wait for them.
#[derive(Debug, Clone, Default)]
pub struct Abandoned(Arc<AtomicUsize>);

impl Abandoned {
    /// The count since the start.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Measures how long each answer took, by method and status.
#[derive(Debug, Clone)]
pub(super) struct Observe(pub(super) Abandoned);

impl<E: Endpoint> Middleware<E> for Observe {
    type Output = Observed<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Observed {
            inner,
            abandoned: self.0.clone(),
        }
    }
}

pub(super) struct Observed<E> {
    inner: E,
    abandoned: Abandoned,
}

/// Counts a request as abandoned unless it is told of its answer.
struct InHand<'a>(Option<&'a Abandoned>);

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        if let Some(abandoned) = self.0 {
            abandoned.0.fetch_add(1, Ordering::Relaxed);
            metrics::counter!("twinbase_http_requests_abandoned_total").increment(1);
        }
    }
}

impl<E: Endpoint> Endpoint for Observed<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let method = name(request.method());
        let path = request.original_uri().path().to_owned();
        let started = Instant::now();
        let mut in_hand = InHand(Some(&self.abandoned));
        let result = self.inner.call(request).await;
        in_hand.0 = None;
        let response = result?.into_response();
        let took = started.elapsed();
        let status = response.status().as_u16();
        metrics::histogram!("twinbase_http_request_seconds", "method" => method, "status" => status.to_string())
            .record(took);
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(method, path, status, took_us, "request");
        Ok(response)
    }
}

/// The method as a label. Labels are bounded: whatever a client makes up counts as one.
fn name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
