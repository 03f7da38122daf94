//! Notices a client that goes away while its request is in hand, and drops what is done for it.
//!
//! poem finishes a request whose connection has ended (3.1.12: it awaits hyper's connection a second time),
//! and what the request holds with it: its session, its connection to the database.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use poem::http::StatusCode;
use poem::http::uri::Scheme;
use poem::listener::{Acceptor, TcpAcceptor};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// What a request answers whose client has gone: nobody reads it.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// The two ends of a connection: the client's, and ours.
type Ends = (SocketAddr, SocketAddr);

/// The connections that are open, by their ends.
#[derive(Debug, Clone, Default)]
pub struct Callers(Arc<Mutex<HashMap<Ends, CancellationToken>>>);

impl Callers {
    fn lock(&self) -> MutexGuard<'_, HashMap<Ends, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts connections and notices when one ends.
    #[must_use]
    pub fn watch(&self, acceptor: TcpAcceptor) -> WatchedAcceptor {
        WatchedAcceptor {
            acceptor,
            callers: self.clone(),
        }
    }
}

/// Accepts connections of [`Callers`].
pub struct WatchedAcceptor {
    acceptor: TcpAcceptor,
    callers: Callers,
}

impl Acceptor for WatchedAcceptor {
    type Io = WatchedStream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.acceptor.local_addr()
    }

    async fn accept(&mut self) -> io::Result<(WatchedStream, LocalAddr, RemoteAddr, Scheme)> {
        let (stream, local, remote, scheme) = self.acceptor.accept().await?;
        let stream = WatchedStream::new(stream, self.callers.clone())?;
        Ok((stream, local, remote, scheme))
    }
}

/// A connection of [`Callers`].
#[derive(Debug)]
pub struct WatchedStream {
    stream: TcpStream,
    ends: Ends,
    gone: CancellationToken,
    callers: Callers,
}

impl WatchedStream {
    fn new(stream: TcpStream, callers: Callers) -> io::Result<Self> {
        let ends = (stream.peer_addr()?, stream.local_addr()?);
        let gone = CancellationToken::new();
        callers.lock().insert(ends, gone.clone());
        Ok(Self {
            stream,
            ends,
            gone,
            callers,
        })
    }
}

impl Drop for WatchedStream {
    fn drop(&mut self) {
        self.gone.cancel();
        self.callers.lock().remove(&self.ends);
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (before, room) = (buffer.filled().len(), buffer.remaining());
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let ended = match &read {
            Poll::Ready(Ok(())) => room > 0 && buffer.filled().len() == before,
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        };
        if ended {
            self.gone.cancel();
        }
        read
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Drops a request when its client goes away.
#[derive(Debug, Clone)]
pub(super) struct Hangup(pub(super) Callers);

impl<E: Endpoint> Middleware<E> for Hangup {
    type Output = HangupEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        HangupEndpoint {
            inner,
            callers: self.0.clone(),
        }
    }
}

pub(super) struct HangupEndpoint<E> {
    inner: E,
    callers: Callers,
}

impl<E: Endpoint> Endpoint for HangupEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let client = request.remote_addr().as_socket_addr().copied();
        let ours = request.local_addr().as_socket_addr().copied();
        let gone = client
            .zip(ours)
            .and_then(|ends| self.callers.lock().get(&ends).cloned());
        let answer = self.inner.call(request);
        let answer = match gone {
            Some(gone) => gone.run_until_cancelled(answer).await,
            None => Some(answer.await),
        };
        if let Some(answer) = answer {
            return answer.map(IntoResponse::into_response);
        }
        tracing::debug!("a client went away before its answer");
        let status = StatusCode::from_u16(CLIENT_CLOSED_REQUEST);
        Ok(status.unwrap_or(StatusCode::BAD_REQUEST).into_response())
    }
}
