//! The layer's own errors as sqlx's.

/// Has sqlx take an error for one of a database's: what a session or a lane gives as an executor has to
/// be a [`sqlx::Error`], and this is the one of its variants that gives the error back
/// (`try_downcast_ref`). A function can't implement a trait.
macro_rules! as_sqlx_error {
    ($error:ty, $message:expr) => {
        impl sqlx::error::DatabaseError for $error {
            fn message(&self) -> &str {
                let message: fn(&Self) -> &'static str = $message;
                message(self)
            }

            fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
                self
            }

            fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
                self
            }

            fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
                self
            }

            fn kind(&self) -> sqlx::error::ErrorKind {
                sqlx::error::ErrorKind::Other
            }
        }
    };
}

pub(super) use as_sqlx_error;
