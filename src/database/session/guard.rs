//! A session on loan to the work that is done with it.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Session, SessionFailed};
use crate::database::DatabaseError;

/// A session that is lent to a closure, and goes back to whoever commits it when it is dropped.
///
/// It is used as a [`Session`] is: `&mut *session` is an executor, and `&mut session` goes to a function
/// that takes a `&mut Session`.
#[derive(Debug)]
pub struct SessionGuard {
    session: Option<Session>,
    home: Arc<Home>,
}

/// Where a session goes back to.
#[derive(Debug, Default)]
pub(crate) struct Home(Mutex<Option<Session>>);

impl Home {
    /// Lends the session.
    pub(crate) fn lend(session: Session) -> (SessionGuard, Arc<Self>) {
        let home = Arc::<Self>::default();
        let guard = SessionGuard {
            session: Some(session),
            home: Arc::clone(&home),
        };
        (guard, home)
    }

    /// Takes the session back.
    ///
    /// # Errors
    /// Where the work has kept it.
    pub(crate) fn take_or_kept(&self) -> Result<Session, DatabaseError> {
        self.take().ok_or_else(|| SessionFailed::kept().into())
    }

    /// Takes the session back; `None` where the work has kept it.
    pub(crate) fn take(&self) -> Option<Session> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

const LENT: &str = "it is lent until it is dropped";

impl Deref for SessionGuard {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.session.as_ref().expect(LENT)
    }
}

impl DerefMut for SessionGuard {
    fn deref_mut(&mut self) -> &mut Session {
        self.session.as_mut().expect(LENT)
    }
}

impl Drop for SessionGuard {
    fn drop(&mut self) {
        *self.home.0.lock().unwrap_or_else(PoisonError::into_inner) = self.session.take();
    }
}
