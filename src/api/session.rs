//! A session for a request: begun when an operation first uses it, committed before the answer is sent.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use poem::http::StatusCode;
use poem::{
    Endpoint, FromRequest, IntoResponse, Middleware, Request, RequestBody, Response, Result,
};

use crate::database::{Database, DatabaseError, Home, Lane, Session, SessionGuard};

/// A session on the writer lane for the request: an operation's parameter.
///
/// It is committed before the answer is sent where that is a success (2xx or 3xx), and rolled back
/// otherwise: on an error, a panic, and when the client goes away. A request has one at the most. A commit that fails turns the answer
/// into its error. The connection is taken with the first statement.
///
/// ```
/// use poem_openapi::{OpenApi, param::Path};
/// use twinbase::api::WriteSession;
/// use twinbase::database::DatabaseError;
///
/// struct Notes;
///
/// #[OpenApi]
/// impl Notes {
///     /// Forgets a note.
///     #[oai(path = "/notes/:id", method = "delete")]
///     async fn forget(&self, mut session: WriteSession, id: Path<i64>) -> poem::Result<()> {
///         sqlx::query("DELETE FROM notes WHERE id = $1")
///             .bind(id.0)
///             .execute(&mut *session)
///             .await
///             .map_err(DatabaseError::from)?;
///         Ok(())
///     }
/// }
/// ```
#[derive(Debug)]
pub struct WriteSession(SessionGuard);

/// A session on the reader lane for the request: as [`WriteSession`], for what only reads. All its
/// statements see the same moment on SQLite, and on PostgreSQL where that is its isolation.
#[derive(Debug)]
pub struct ReadSession(SessionGuard);

/// The sessions of a request, where they go back to.
#[derive(Debug, Clone, Default)]
struct Lent {
    homes: Arc<Mutex<Vec<Arc<Home>>>>,
    /// Whether one of them writes.
    writes: Arc<AtomicBool>,
}

impl Lent {
    fn lend(&self, lane: &Lane) -> SessionGuard {
        let (guard, home) = Home::lend(lane.session());
        self.homes().push(home);
        guard
    }

    fn homes(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Home>>> {
        self.homes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Commits what was done: what can fail without a commit before the one write.
    ///
    /// # Errors
    /// That of a session which was kept, has failed, or can't be committed; then nothing is.
    async fn commit(&self) -> Result<(), DatabaseError> {
        let homes = std::mem::take(&mut *self.homes());
        let mut sessions = Vec::with_capacity(homes.len());
        for home in &homes {
            sessions.push(home.take_or_kept()?);
        }
        if let Some(failed) = sessions.iter().find(|session| session.failure().is_some()) {
            return Err(failed.refusal());
        }
        sessions.sort_by_key(Session::writes);
        for session in sessions {
            session.commit().await?;
        }
        Ok(())
    }

    /// Rolls back what was done, so that it is undone when the client has the answer.
    async fn roll_back(&self) {
        let homes = std::mem::take(&mut *self.homes());
        for session in homes.iter().filter_map(|home| home.take()) {
            if let Err(error) = session.rollback().await {
                tracing::debug!(%error, "a request's session could not be rolled back, its connection is closed");
            }
        }
    }
}

fn lend(request: &Request, lane: impl FnOnce(&Database) -> Lane) -> Result<SessionGuard> {
    let database = request.extensions().get::<Database>();
    let lent = request.extensions().get::<Lent>();
    let (Some(database), Some(lent)) = (database, lent) else {
        return Err(poem::Error::from_string(
            "an operation takes a session, and nothing gives it one: serve it by an Application, or with \
             the Sessions middleware inside of the database's",
            StatusCode::INTERNAL_SERVER_ERROR,
        ));
    };
    let lane = lane(database).named(request.original_uri().path());
    Ok(lent.lend(&lane))
}

impl<'a> FromRequest<'a> for WriteSession {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let lent = request.extensions().get::<Lent>();
        if lent.is_some_and(|lent| lent.writes.swap(true, Ordering::Relaxed)) {
            return Err(poem::Error::from_string(
                "an operation takes two sessions that write, which would be committed one after the other: \
                 take one",
                StatusCode::INTERNAL_SERVER_ERROR,
            ));
        }
        lend(request, Database::writer).map(Self)
    }
}

impl<'a> FromRequest<'a> for ReadSession {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        lend(request, Database::reader).map(Self)
    }
}

impl Deref for WriteSession {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl DerefMut for WriteSession {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.0
    }
}

impl Deref for ReadSession {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl DerefMut for ReadSession {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.0
    }
}

/// Gives the operations inside of it their sessions, and commits them. An
/// [`Application`](crate::service::Application) has it already.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sessions;

impl<E: Endpoint> Middleware<E> for Sessions {
    type Output = SessionsEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        SessionsEndpoint { inner }
    }
}

/// The endpoint of [`Sessions`].
#[derive(Debug)]
pub struct SessionsEndpoint<E> {
    inner: E,
}

impl<E: Endpoint> Endpoint for SessionsEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let lent = Lent::default();
        request.set_data(lent.clone());
        // Where this future is dropped, by a panic or because the client has gone, the sessions are too.
        let answer = self
            .inner
            .call(request)
            .await
            .map(IntoResponse::into_response);
        let succeeded = answer
            .as_ref()
            .is_ok_and(|answer| answer.status().is_success() || answer.status().is_redirection());
        if succeeded {
            lent.commit().await?;
        } else {
            lent.roll_back().await;
        }
        answer
    }
}
