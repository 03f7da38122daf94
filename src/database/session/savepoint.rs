//! Parts of a session that may fail by themselves.

use std::ops::{Deref, DerefMut};

use sqlx_core::any::AnyTransactionManager;
use sqlx_core::transaction::TransactionManager as _;

use super::Session;
use super::failure::Failed;
use crate::database::DatabaseError;

/// A part of a session that may fail by itself: dropped or rolled back, it leaves the session as it was
/// before it.
///
/// It is used as the session is, `&mut *savepoint` for `&mut session`, and may have savepoints of its own.
#[derive(Debug)]
pub struct Savepoint<'s> {
    session: &'s mut Session,
    open: bool,
}

impl Session {
    /// Begins a part that may fail by itself.
    ///
    /// # Errors
    /// As [`Session::connection`].
    pub async fn savepoint(&mut self) -> Result<Savepoint<'_>, DatabaseError> {
        let conn = self.connection().await?;
        if let Err(error) = AnyTransactionManager::begin(conn, None).await {
            AnyTransactionManager::start_rollback(conn);
            let error = DatabaseError::from(error);
            self.failed = Some(Failed::new(error.kind(), &error, self.savepoints));
            return Err(error);
        }
        self.savepoints += 1;
        Ok(Savepoint {
            session: self,
            open: true,
        })
    }
}

impl Savepoint<'_> {
    /// Keeps what was done, as part of the session.
    ///
    /// # Errors
    /// [`DatabaseError::Session`] where a statement of it has failed; then it is rolled back. The
    /// database's, which fails the session.
    pub async fn release(mut self) -> Result<(), DatabaseError> {
        if let Some(failed) = &self.session.failed {
            return Err(failed.refusal().into());
        }
        let Some(lease) = &mut self.session.lease else {
            return Ok(());
        };
        AnyTransactionManager::commit(lease).await?;
        self.open = false;
        self.session.savepoints -= 1;
        Ok(())
    }

    /// Undoes what was done.
    ///
    /// # Errors
    /// The database's, which fails the session.
    pub async fn rollback(mut self) -> Result<(), DatabaseError> {
        let Some(lease) = &mut self.session.lease else {
            return Ok(());
        };
        AnyTransactionManager::rollback(lease).await?;
        self.open = false;
        self.session.leave_savepoint();
        Ok(())
    }
}

impl Session {
    /// A savepoint was rolled back: what failed in it is mended.
    fn leave_savepoint(&mut self) {
        self.savepoints -= 1;
        let inside = |failed: &Failed| failed.savepoints > self.savepoints;
        if self.failed.as_ref().is_some_and(inside) {
            self.failed = None;
        }
    }
}

impl Deref for Savepoint<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.session
    }
}

impl DerefMut for Savepoint<'_> {
    fn deref_mut(&mut self) -> &mut Session {
        self.session
    }
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        if let Some(lease) = &mut self.session.lease {
            AnyTransactionManager::start_rollback(lease);
        }
        self.session.leave_savepoint();
    }
}
