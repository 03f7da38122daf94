//! The first error of a session, after which it does nothing more.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::database::sqlx_error::as_sqlx_error;
use crate::database::{DatabaseError, ErrorKind};

/// A statement or a commit that was refused because an earlier statement of the session has failed.
///
/// As a [`sqlx::Error`] it is a [`sqlx::Error::Database`], from which `try_downcast_ref` gives it back.
#[derive(Debug, Clone)]
pub struct SessionFailed {
    kind: ErrorKind,
    reason: Arc<str>,
}

impl SessionFailed {
    /// The work that had the session did not give it back.
    pub(in crate::database) fn kept() -> Self {
        Self {
            kind: ErrorKind::Other,
            reason: "the work that it was lent to has kept it, so it was not committed; drop it before the \
                     work returns"
                .into(),
        }
    }

    /// What is open on the connection is not what the session has begun.
    pub(super) fn uneven() -> Self {
        Self {
            kind: ErrorKind::Other,
            reason: "a savepoint of it is still open, or its transaction was ended by SQL text, so that it \
                     was rolled back"
                .into(),
        }
    }

    /// The session has given its connection up.
    pub(super) fn over() -> Self {
        Self {
            kind: ErrorKind::Other,
            reason: "it is over".into(),
        }
    }

    /// The session's part of a shared transaction was dropped while it began.
    pub(super) fn lost() -> Self {
        Self {
            kind: ErrorKind::TransactionFailed,
            reason: "its first statement was dropped before it was done".into(),
        }
    }

    /// The kind of the error that has failed the session.
    #[must_use]
    pub fn first(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for SessionFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this session has failed: {}", self.reason)
    }
}

impl StdError for SessionFailed {}

as_sqlx_error!(SessionFailed, |_| "this session has failed");

/// What has failed a session, and in which savepoint.
#[derive(Debug)]
pub(super) struct Failed {
    error: SessionFailed,
    /// The savepoints that were open: going back to before the last of them mends it.
    pub(super) savepoints: usize,
}

impl Failed {
    pub(super) fn new(
        kind: ErrorKind,
        error: &(dyn StdError + 'static),
        savepoints: usize,
    ) -> Self {
        let reason = crate::telemetry::chain(error).into();
        Self {
            error: SessionFailed { kind, reason },
            savepoints,
        }
    }

    pub(super) fn kind(&self) -> ErrorKind {
        self.error.kind
    }

    pub(super) fn refusal(&self) -> SessionFailed {
        self.error.clone()
    }
}

/// What the error of a COMMIT means: where the connection was lost, nobody knows.
pub(super) fn of_commit(source: sqlx::Error) -> DatabaseError {
    // Whatever the network says of itself, the COMMIT was on its way.
    let is_lost = matches!(
        source,
        sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed
    );
    match ErrorKind::of(&source) {
        kind if is_lost || matches!(kind, ErrorKind::Connection | ErrorKind::OutcomeUnknown) => {
            metrics::counter!("twinbase_commit_outcomes_unknown_total").increment(1);
            tracing::error!(error = %source, "the connection was lost during a COMMIT: whether it was carried out is not known");
            DatabaseError::Statement {
                kind: ErrorKind::OutcomeUnknown,
                violation: None,
                source,
            }
        }
        _ => source.into(),
    }
}
