//! What a client is told of a database error.

use poem::error::ResponseError;
use poem::http::StatusCode;

use crate::database::{DatabaseError, ErrorKind};

/// An operation may give a [`DatabaseError`] up with `?`: the client gets the status of its kind, and for
/// 503 a `Retry-After`. An error of 500 and above is logged with its cause.
impl ResponseError for DatabaseError {
    fn status(&self) -> StatusCode {
        match self.kind() {
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Unique | ErrorKind::ForeignKey => StatusCode::CONFLICT,
            ErrorKind::Data | ErrorKind::Check | ErrorKind::NotNull => StatusCode::BAD_REQUEST,
            ErrorKind::Unavailable
            | ErrorKind::Connection
            | ErrorKind::PoolTimeout
            | ErrorKind::Overloaded
            | ErrorKind::Retryable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// What the client is told: what kind of error it is, and neither a name of the schema nor a value.
pub(super) fn detail(error: &DatabaseError) -> String {
    error.kind().to_string()
}
