//! Refuses statements that compute with a NUMERIC column, which is text under a collation here.
//!
//! A bare column compares, sorts and groups by value. What an expression makes of it has lost the
//! collation: `coalesce(price, 0) > 5` compares a text with a number, in silence. The driver looks
//! at a statement once, when it is first prepared, and refuses what could go wrong.
//!
//! SQLite's authorizer tells which columns the statement touches, their declared types tell which
//! of them are NUMERIC, and the tokens around each mention of such a name tell what is done to it.

mod classes;
mod insert;
mod names;
mod operands;
mod queries;
mod scope;
mod uses;

use super::analysis::Verb;
use super::error::SqliteError;
use super::lexer;
use names::Names;
use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// A table that a statement touches.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Touched {
    /// The database that it is in: `main`, `temp` or an attached one.
    database: String,
    /// The table.
    table: String,
    /// Whether rows are inserted into it.
    inserted: bool,
    /// The view through which it is read.
    through: Option<String>,
}

/// Notes which tables a statement touches while SQLite prepares it.
///
/// It stays registered: to register an authorizer expires all prepared statements.
#[derive(Clone, Debug, Default)]
pub(super) struct Recorder(Arc<Mutex<Option<BTreeSet<Touched>>>>);

impl Recorder {
    /// Registers it with the connection.
    pub(super) fn register(&self, connection: &Connection) -> rusqlite::Result<()> {
        let recorder = self.clone();
        connection.authorizer(Some(move |context: AuthContext<'_>| {
            recorder.note(&context);
            Authorization::Allow
        }))
    }

    fn note(&self, context: &AuthContext<'_>) {
        let (AuthAction::Read { table_name, .. }
        | AuthAction::Update { table_name, .. }
        | AuthAction::Insert { table_name }) = context.action
        else {
            return;
        };
        let mut touched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(touched) = touched.as_mut() {
            touched.insert(Touched {
                database: context.database_name.unwrap_or("main").to_owned(),
                table: table_name.to_owned(),
                inserted: matches!(context.action, AuthAction::Insert { .. }),
                through: context.accessor.map(str::to_owned),
            });
        }
    }

    /// Prepares a statement, and notes what it touches meanwhile.
    pub(super) fn during<T>(&self, prepare: impl FnOnce() -> T) -> (T, Tables) {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *lock() = Some(BTreeSet::new());
        let result = prepare();
        (result, Tables(lock().take().unwrap_or_default()))
    }
}

/// The tables that a statement touches.
#[derive(Debug)]
pub(super) struct Tables(BTreeSet<Touched>);

/// Looks at the text of a statement that touches these tables.
///
/// # Errors
/// Where it computes with a NUMERIC column; the message names it, and the portable way.
pub(super) fn check(
    connection: &Connection,
    tables: &Tables,
    sql: &str,
    verb: &Verb,
) -> Result<(), SqliteError> {
    if *verb == Verb::Other || tables.0.is_empty() {
        return Ok(());
    }
    let names = Names::read(connection, tables)?;
    if names.is_empty() {
        return Ok(());
    }
    let tokens = lexer::tokens(sql);
    uses::check(&names, &tokens)
}
