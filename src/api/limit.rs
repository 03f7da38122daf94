//! A limit on request bodies. poem's own `SizeLimit` refuses every request without `Content-Length`,
//! a plain GET among them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt as _;
use poem::http::header::CONTENT_LENGTH;
use poem::{Body, Endpoint, Middleware, Request, Result};

/// A body that is larger than `server.body_limit`.
#[derive(Debug, thiserror::Error)]
#[error("the body is larger than {0} bytes, the limit here (server.body_limit); send less")]
pub(super) struct BodyTooLarge(usize);

/// Refuses bodies over a number of bytes: at once where the length is declared, otherwise when the
/// handler has read that many.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyLimit(pub(super) usize);

impl<E: Endpoint> Middleware<E> for BodyLimit {
    type Output = Limited<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Limited {
            inner,
            limit: self.0,
        }
    }
}

pub(super) struct Limited<E> {
    inner: E,
    limit: usize,
}

impl<E: Endpoint> Endpoint for Limited<E> {
    type Output = E::Output;

    async fn call(&self, mut request: Request) -> Result<Self::Output> {
        let limit = self.limit;
        let too_large = || {
            poem::Error::new(
                BodyTooLarge(limit),
                poem::http::StatusCode::PAYLOAD_TOO_LARGE,
            )
        };
        let declared = request
            .headers()
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok());
        if let Some(length) = declared {
            return match length.parse::<usize>() {
                Ok(length) if length <= limit => self.inner.call(request).await,
                _ => Err(too_large()),
            };
        }
        let read = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&read);
        let body = request.take_body().into_bytes_stream().map(move |chunk| {
            let chunk = chunk?;
            if counted.fetch_add(chunk.len(), Ordering::Relaxed) + chunk.len() > limit {
                return Err(io::Error::new(
                    io::ErrorKind::FileTooLarge,
                    BodyTooLarge(limit),
                ));
            }
            Ok(chunk)
        });
        request.set_body(Body::from_bytes_stream(body));
        let answer = self.inner.call(request).await;
        // Extractors turn the stream's error into a 400 of their own.
        if answer.is_err() && read.load(Ordering::Relaxed) > limit {
            return Err(too_large());
        }
        answer
    }
}
