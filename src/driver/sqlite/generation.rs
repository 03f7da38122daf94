//! When the schema may have changed, so that what was known of a statement has to be read anew.
//!
//! SQLite itself prepares a statement again when it finds another schema, but not before it runs it,
//! when the arguments are bound already. So connections of one process tell each other. What another
//! process changes is seen by the statement's next run.

use super::analysis::{self, Analysis};
use super::checked_casts;
use super::error::SqliteError;
use rusqlite::Connection;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

static OF_PROCESS: AtomicU64 = AtomicU64::new(1);

/// A connection's view of the schema.
#[derive(Debug, Default)]
pub(super) struct Generation {
    /// Changes that only this connection sees, for now or for ever.
    own: Cell<u64>,
    /// Whether a change becomes visible to others when the transaction ends.
    is_pending: Cell<bool>,
    /// The number by which SQLite was last made to read the schema.
    read: Cell<u64>,
    /// The CASTs that indexes are over.
    indexed_casts: RefCell<BTreeSet<String>>,
    /// Whether they are others than when this was last asked.
    has_other_casts: Cell<bool>,
}

impl Generation {
    pub(super) fn number(&self) -> u64 {
        self.own.get() + OF_PROCESS.load(Ordering::Acquire)
    }

    /// A number that changes with the schema, as SQLite now has it.
    pub(super) fn current(&self, connection: &Connection) -> Result<u64, SqliteError> {
        let number = self.number();
        if self.read.get() != number {
            self.look(connection)?;
            self.read.set(number);
        }
        Ok(number)
    }

    /// Makes SQLite read a newer schema: it prepares by the one that it has read last, and looks for
    /// another only when it runs a statement.
    pub(super) fn look(&self, connection: &Connection) -> Result<(), SqliteError> {
        let mut indexes = connection.prepare_cached(
            "SELECT sql FROM sqlite_schema WHERE type = 'index' AND instr(upper(sql), 'CAST') > 0",
        )?;
        let mut casts = BTreeSet::new();
        let mut rows = indexes.query([])?;
        while let Some(row) = rows.next()? {
            let sql: String = row.get(0)?;
            casts.extend(checked_casts::of_index(&sql));
        }
        if *self.indexed_casts.borrow() != casts {
            self.indexed_casts.replace(casts);
            self.has_other_casts.set(true);
        }
        Ok(())
    }

    /// Whether statements that were read before have to be read again. It asks once.
    pub(super) fn take_other_casts(&self) -> bool {
        self.has_other_casts.take()
    }

    /// Reads the text of a prepared statement, by the present schema.
    ///
    /// # Errors
    /// As those of [`analysis::analyse`].
    pub(super) fn analyse(&self, sql: &str) -> Result<Analysis, SqliteError> {
        analysis::analyse(sql, &self.indexed_casts.borrow())
    }

    /// Notes a statement that changes the schema.
    pub(super) fn note_change(&self) {
        self.own.set(self.own.get() + 1);
        self.is_pending.set(true);
    }

    /// Notes that a part of the transaction is rolled back.
    pub(super) fn note_rollback(&self) {
        if self.is_pending.get() {
            self.own.set(self.own.get() + 1);
        }
    }

    /// Notes that no transaction is open.
    pub(super) fn note_autocommit(&self) {
        if self.is_pending.replace(false) {
            OF_PROCESS.fetch_add(1, Ordering::AcqRel);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_seen_by_its_connection_at_once_and_by_others_after_its_transaction() {
        let (one, other) = (Generation::default(), Generation::default());
        let (of_one, of_other) = (one.number(), other.number());
        one.note_change();
        assert!(one.number() > of_one);
        let in_transaction = one.number();
        one.note_rollback();
        assert!(one.number() > in_transaction);
        one.note_autocommit();
        assert!(other.number() > of_other);
        let quiet = one.own.get();
        one.note_rollback();
        one.note_autocommit();
        assert_eq!(one.own.get(), quiet);
    }
}
