//! Refuses statements that compute with a NUMERIC column, which is text under a collation here.
//!
//! A bare column compares, sorts and groups by value. What an expression makes of it has lost the
//! collation: `coalesce(price, 0) > 5` compares a text with a number, in silence. The driver looks
//! at a statement once, when it is first prepared, and refuses what could go wrong.
//!
//! SQLite's authorizer tells which columns the statement touches, their declared types tell which
//! of them are NUMERIC, and the tokens around each mention of such a name tell what is done to it.
//!
//! The same look at the statement tells what its parameters meet, see [`parameters`].

mod classes;
mod frames;
mod insert;
mod names;
mod operands;
mod operators;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod parameter_tests;
mod parameters;
mod places;
mod queries;
mod scope;
mod uses;

use super::analysis::Verb;
use super::error::SqliteError;
use super::lexer::{self, Token};
use super::session;
use super::targets::Targets;
use crate::driver::link::Link;
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
    /// Registers it with the connection. What changes the session is noted in its link as well.
    pub(super) fn register(
        &self,
        connection: &Connection,
        link: Arc<Link>,
    ) -> rusqlite::Result<()> {
        let recorder = self.clone();
        connection.authorizer(Some(move |context: AuthContext<'_>| {
            if session::is_changed_by(&context) {
                link.note_session_change();
            }
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

/// Looks at the text of a statement that touches these tables, and gives what its parameters meet.
///
/// # Errors
/// Where it computes with a NUMERIC column; the message names it, and the portable way.
pub(super) fn check(
    connection: &Connection,
    tables: &Tables,
    sql: &str,
    verb: &Verb,
) -> Result<Targets, SqliteError> {
    if *verb == Verb::Other {
        return Ok(Targets::NONE);
    }
    let tokens = lexer::tokens(sql);
    let names = check_tokens(connection, tables, &tokens)?;
    Ok(parameters::targets(&names, &tokens))
}

/// Prepares a statement once more, and gives what its parameters meet now.
///
/// # Errors
/// As those of [`check`], and SQLite's.
pub(super) fn targets(
    connection: &Connection,
    recorder: &Recorder,
    sql: &str,
    verb: &Verb,
) -> Result<Targets, SqliteError> {
    let (statement, tables) = recorder.during(|| connection.prepare(sql));
    statement?;
    check(connection, &tables, sql, verb)
}

/// Looks at the SELECT of a CREATE VIEW, before there is the view.
///
/// # Errors
/// As those of [`check`].
pub(super) fn check_view(
    connection: &Connection,
    recorder: &Recorder,
    sql: &str,
) -> Result<(), SqliteError> {
    let tokens = lexer::tokens(sql);
    let creates = tokens.first().is_some_and(|token| token.is("CREATE"))
        && tokens.iter().take(3).any(|token| token.is("VIEW"));
    let body = tokens.iter().position(|token| token.is("AS"));
    let Some(body) = body.filter(|_| creates).and_then(|at| tokens.get(at + 1..)) else {
        return Ok(());
    };
    let Some(first) = body.first() else {
        return Ok(());
    };
    let (statement, tables) = recorder.during(|| connection.prepare(&sql[first.start..]));
    match statement {
        Ok(_) => check_tokens(connection, &tables, body).map(drop),
        // SQLite takes a view over tables that are yet to come; it is looked at when it is read.
        Err(error) => {
            tracing::debug!(%error, "the SELECT of a view can't be checked before its tables exist");
            Ok(())
        }
    }
}

fn check_tokens(
    connection: &Connection,
    tables: &Tables,
    tokens: &[Token<'_>],
) -> Result<Names, SqliteError> {
    let names = Names::read(connection, tables)?;
    if !names.is_empty() {
        uses::check(&names, tokens)?;
    }
    Ok(names)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::super::{analysis, functions};
    use super::*;

    fn connection() -> (Connection, Recorder) {
        let connection = Connection::open_in_memory().unwrap();
        functions::register(&connection).unwrap();
        let recorder = Recorder::default();
        recorder.register(&connection, Arc::default()).unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t (k TEXT, c NUMERIC_TEXT(20,8) COLLATE twinbase_decimal, \"d e\" NUMERIC_TEXT COLLATE twinbase_decimal)",
            )
            .unwrap();
        (connection, recorder)
    }

    fn refusal(sql: &str) -> Option<String> {
        let (connection, recorder) = connection();
        let (statement, tables) = recorder.during(|| connection.prepare(sql));
        drop(statement.unwrap());
        let verb = analysis::describe(sql).verb;
        let result = check(&connection, &tables, sql, &verb)
            .and_then(|_| check_view(&connection, &recorder, sql));
        result.err().map(|error| error.to_string())
    }

    #[test]
    fn quoted_names_and_views_are_looked_at() {
        for sql in [
            "SELECT \"d e\" FROM t WHERE \"d e\" > 5 ORDER BY [d e]",
            "CREATE VIEW v AS SELECT c FROM t WHERE c > 5",
            "CREATE VIEW v AS SELECT max(c) AS m FROM t",
            "CREATE VIEW v AS SELECT x FROM yet_to_come",
            "SELECT name FROM pragma_table_info('t')",
            "SELECT c FROM t, json_each('[1]') WHERE c > 5",
            "SELECT max(c) IS NULL FROM t",
            "SELECT (c) FROM t WHERE ((c) > (5))",
            "SELECT 1 FROM t WHERE c>-5 AND c=-5 AND -5<c",
        ] {
            assert_eq!(refusal(sql), None, "{sql}");
        }
        for sql in [
            "SELECT \"d e\" || c FROM t",
            "SELECT \"T\".\"D E\" * 2 FROM t",
            "CREATE VIEW v AS SELECT c FROM t WHERE coalesce(c, 0) > 5",
            "CREATE TEMP VIEW v (x) AS SELECT c * 2 FROM t",
            "SELECT 1 FROM t WHERE c - -5 > 1",
            "SELECT 1 FROM t WHERE c > 5 COLLATE NOCASE",
            "SELECT max(c, 5) FROM t",
            "SELECT lag(c) OVER (ORDER BY c) FROM t",
            "SELECT group_concat(c) FROM t",
            "SELECT CASE c WHEN 5 THEN 1 END FROM t",
            "SELECT sum(c) AS s FROM t GROUP BY k HAVING s > 5",
            "SELECT k FROM t WHERE c AND k",
            "SELECT 1 FROM t WHERE k = c",
            "SELECT c ->> '$' FROM t",
        ] {
            assert!(refusal(sql).is_some(), "{sql}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_tokens_are_looked_at_without_a_panic(
            words in proptest::collection::vec(
                "SELECT|FROM|t|c|c|max\\(|sum\\(|\\(|\\)|,|\\.|\\*|=|<|>|-|5|0\\.00001|AS|x|WITH|IN|IS|NOT|NULL|BETWEEN|AND|ORDER BY|GROUP BY|UNION|CASE|END|SET|INSERT INTO|VALUES|RETURNING|WHERE|OVER|FILTER|CAST|DISTINCT|\"|\"\"|'|\\[|;|é", 0..24)
        ) {
            let sql = words.join(" ");
            let mut names = Names::default();
            let columns = [("c".to_owned(), true), ("k".to_owned(), false)];
            names.columns.insert("c".to_owned());
            names.tables.insert("t".to_owned(), names.columns.clone());
            names.inserted.insert("t".to_owned(), columns.to_vec());
            let _ = uses::check(&names, &lexer::tokens(&sql));
        }
    }
}
