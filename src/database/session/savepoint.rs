//! Parts of a session that may fail by themselves.

use std::ops::{Deref, DerefMut};

use sqlx::AnyConnection;
use sqlx_core::any::AnyTransactionManager;
use sqlx_core::transaction::TransactionManager as _;

use super::Session;
use super::failure::Failed;
use crate::database::{DatabaseError, ErrorKind};

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
        let mut beginning = Beginning {
            conn,
            is_done: false,
        };
        let begun = AnyTransactionManager::begin(beginning.conn, None).await;
        beginning.is_done = begun.is_ok();
        drop(beginning);
        if let Err(error) = begun {
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

/// Answers a begin that fails or whose future is dropped, as the driver expects it: else the next
/// roll-back would be taken for that answer, and one level be left open.
struct Beginning<'c> {
    conn: &'c mut AnyConnection,
    is_done: bool,
}

impl Drop for Beginning<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            AnyTransactionManager::start_rollback(self.conn);
        }
    }
}

impl Savepoint<'_> {
    /// Keeps what was done, as part of the session. Where this is dropped on the way, it may be kept or
    /// not.
    ///
    /// # Errors
    /// [`DatabaseError::Session`] where a statement of it has failed, or a savepoint inside of it is
    /// still open; the database's. Then it is rolled back.
    pub async fn release(mut self) -> Result<(), DatabaseError> {
        if let Some(failed) = &self.session.failed {
            return Err(failed.refusal().into());
        }
        self.session.is_level()?;
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
    /// The database's.
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
    /// A savepoint was rolled back: what failed in it is mended, but for a lost connection.
    fn leave_savepoint(&mut self) {
        self.savepoints -= 1;
        let inside = |failed: &Failed| {
            failed.savepoints > self.savepoints && failed.kind() != ErrorKind::Connection
        };
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
