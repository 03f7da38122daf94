//! A statement of which nobody knows whether it was carried out.

use std::error::Error as StdError;
use std::fmt;

use super::sqlx_error::as_sqlx_error;

/// The connection was lost while a statement ran that is committed by itself: it may have been carried
/// out or not.
///
/// As a [`sqlx::Error`] it is a [`sqlx::Error::Database`], from which `try_downcast_ref` gives it back.
#[derive(Debug)]
pub struct StatementOutcomeUnknown(sqlx::Error);

impl StatementOutcomeUnknown {
    pub(super) fn of(error: sqlx::Error) -> sqlx::Error {
        metrics::counter!("twinbase_commit_outcomes_unknown_total").increment(1);
        tracing::error!(%error, "the connection was lost while a statement ran by itself: whether it was carried out is not known");
        sqlx::Error::Database(Box::new(Self(error)))
    }
}

impl fmt::Display for StatementOutcomeUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the connection was lost while the statement ran: whether it was carried out is not known; look \
             before doing it again",
        )
    }
}

impl StdError for StatementOutcomeUnknown {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

as_sqlx_error!(StatementOutcomeUnknown, |_| {
    "whether the statement was carried out is not known"
});
