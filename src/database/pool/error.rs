//! Why there is no connection.

use std::error::Error as StdError;
use std::fmt;
use std::time::{Duration, Instant};

use super::Inner;
use super::state::State;
use crate::database::ErrorKind;
use crate::database::failure::Failure;
use crate::database::sqlx_error::as_sqlx_error;

/// Why a caller got no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcquireErrorCause {
    /// None came free, or could be opened, within `database.acquire_timeout`.
    TimedOut,
    /// The pool is overloaded and the turn would come too late: `database.shed_target`. Nothing was
    /// done; try again later.
    Overloaded,
    /// The pool is closed.
    Closed,
}

/// No connection: why, and what the pool looked like.
///
/// As a [`sqlx::Error`] it is a [`sqlx::Error::Database`], from which `try_downcast_ref` gives it back.
#[derive(Debug, Clone)]
pub struct AcquireError(Box<Report>);

#[derive(Debug, Clone)]
struct Report {
    cause: AcquireErrorCause,
    pool: &'static str,
    waited: Duration,
    open: usize,
    max: usize,
    kept: usize,
    in_use: usize,
    waiting: usize,
    longest: Option<(String, Duration)>,
    last_connect_failure: Option<ConnectFailure>,
}

/// A connection that could not be opened.
#[derive(Debug, Clone)]
pub(in crate::database) struct ConnectFailure {
    pub(super) at: Instant,
    pub(super) failure: Failure,
}

impl AcquireError {
    pub(super) fn new(
        pool: &Inner,
        state: &State,
        cause: AcquireErrorCause,
        waited: Duration,
    ) -> Self {
        Self(Box::new(Report {
            cause,
            pool: pool.name,
            waited,
            open: state.size,
            max: pool.settings.max,
            kept: pool.settings.kept,
            in_use: state.holders.len(),
            waiting: state.waiting,
            longest: state
                .holders
                .longest()
                .map(|(holder, since)| (holder.to_string(), since.elapsed())),
            last_connect_failure: state.last_connect_failure.clone(),
        }))
    }

    /// Why there is none.
    #[must_use]
    pub fn cause(&self) -> AcquireErrorCause {
        self.0.cause
    }

    pub(in crate::database) fn kind(&self) -> ErrorKind {
        match self.0.cause {
            AcquireErrorCause::TimedOut => ErrorKind::PoolTimeout,
            AcquireErrorCause::Overloaded => ErrorKind::Overloaded,
            AcquireErrorCause::Closed => ErrorKind::Unavailable,
        }
    }

    /// How long the caller waited.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.0.waited
    }

    /// Who has held a connection of the pool for the longest time, and for how long.
    #[must_use]
    pub fn longest_holder(&self) -> Option<(&str, Duration)> {
        let (holder, held) = self.0.longest.as_ref()?;
        Some((holder, *held))
    }

    /// The last failure to open a connection, and how long ago that was; `None` where the last one
    /// that was tried could be opened.
    #[must_use]
    pub fn last_connect_failure(&self) -> Option<(Failure, Duration)> {
        let last = self.0.last_connect_failure.as_ref()?;
        Some((last.failure, last.at.elapsed()))
    }
}

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report {
            cause,
            pool,
            waited,
            open,
            max,
            kept,
            in_use,
            waiting,
            longest,
            last_connect_failure,
        } = &*self.0;
        let overflow = max - kept;
        match cause {
            AcquireErrorCause::Closed => return write!(f, "the {pool} pool is closed"),
            AcquireErrorCause::TimedOut => {
                write!(
                    f,
                    "no connection of the {pool} pool came free in {waited:.1?}"
                )?;
            }
            AcquireErrorCause::Overloaded => write!(
                f,
                "the {pool} pool is overloaded, refused after {waited:.1?}: a connection would come too \
                 late"
            )?,
        }
        write!(
            f,
            "; {in_use} in use, {open} open of at most {max} ({kept} kept, {overflow} overflow), {waiting} \
             waiting"
        )?;
        if let Some((holder, held)) = longest {
            write!(f, "; held the longest: {held:.1?} by {holder}")?;
        }
        if let Some(ConnectFailure { at, failure }) = last_connect_failure {
            write!(
                f,
                "; the last connect failed {:.1?} ago: {failure}",
                at.elapsed()
            )?;
        }
        Ok(())
    }
}

impl StdError for AcquireError {}

as_sqlx_error!(AcquireError, |error| match error.0.cause {
    AcquireErrorCause::TimedOut => "no connection of the pool came free in time",
    AcquireErrorCause::Overloaded => "the pool is overloaded",
    AcquireErrorCause::Closed => "the pool is closed",
});
