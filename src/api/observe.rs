//! A measurement a request.

use std::time::Instant;

use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

/// Measures how long each answer took, by method and status.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observe;

impl<E: Endpoint> Middleware<E> for Observe {
    type Output = Observed<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Observed(inner)
    }
}

pub(super) struct Observed<E>(E);

impl<E: Endpoint> Endpoint for Observed<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        // Methods are bounded: whatever a client makes up counts as one.
        let method = match request.method().as_str() {
            known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => {
                known.to_owned()
            }
            _ => "other".to_owned(),
        };
        let path = request.original_uri().path().to_owned();
        let started = Instant::now();
        let response = self.0.call(request).await?.into_response();
        let took = started.elapsed();
        let status = response.status().as_u16();
        metrics::histogram!("twinbase_http_request_seconds", "method" => method.clone(), "status" => status.to_string())
            .record(took);
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(method, path, status, took_us, "request");
        Ok(response)
    }
}
