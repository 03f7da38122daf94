//! Gives the error of a broken constraint the constraint's name and table, when it happens.

use super::analysis::{main_verb, unquoted};
use super::constraints::{Constraint, Rule, declared};
use super::engine::Engine;
use super::error::{SqliteError, SqliteErrorCause};
use super::lexer;
use super::targets::Targets;
use rusqlite::{Connection, OptionalExtension as _};
use sqlx_core::Error;
use sqlx_core::any::AnyValueKind;
use sqlx_core::error::DatabaseError as _;

/// A table and a constraint, as far as they are known.
pub(super) type Names = (Option<String>, Option<String>);

/// The statement that broke a constraint.
#[derive(Clone, Copy)]
pub(super) struct Culprit<'a> {
    pub(super) sql: &'a str,
    pub(super) arguments: &'a [AnyValueKind],
    /// What its parameters meet.
    pub(super) targets: &'a Targets,
}

impl Culprit<'_> {
    pub(super) const COMMIT: Self = Self {
        sql: "COMMIT",
        arguments: &[],
        targets: &Targets::NONE,
    };
}

/// Whether the error is of a broken foreign key, which is looked for by running the statement again.
pub(super) fn is_of_foreign_key(error: &Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<SqliteError>())
        .is_some_and(|error| error.cause() == SqliteErrorCause::ForeignKey)
}

/// What a statement does to which table.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Target {
    pub(super) table: String,
    /// Whether rows of the table may go or have their keys changed.
    pub(super) unsettles_keys: bool,
    /// Whether rows may come or change.
    pub(super) writes_rows: bool,
}

impl Target {
    /// Reads it from the statement's text; `None` where that is no INSERT, UPDATE or DELETE.
    pub(super) fn of(sql: &str) -> Option<Self> {
        let tokens = lexer::tokens(sql);
        let verb = main_verb(&tokens)?;
        let rest = &tokens[verb..];
        let first = rest.first()?;
        let (insert, replace) = (first.is("INSERT"), first.is("REPLACE"));
        let (update, delete) = (first.is("UPDATE"), first.is("DELETE"));
        let mut at = if insert || replace {
            1 + rest.iter().position(|token| token.is("INTO"))?
        } else if delete {
            2
        } else if update {
            if rest.get(1)?.is("OR") { 3 } else { 1 }
        } else {
            return None;
        };
        if rest.get(at + 1).is_some_and(|token| token.is_symbol(".")) {
            at += 2;
        }
        // INSERT OR REPLACE, ON CONFLICT … DO UPDATE
        let either = |word: &str| rest.iter().any(|token| token.is(word));
        Some(Self {
            table: unquoted(rest.get(at)?),
            unsettles_keys: !insert || either("UPDATE") || either("REPLACE"),
            writes_rows: !delete,
        })
    }
}

impl Engine {
    /// Adds to the error of a broken constraint what SQLite does not say. Any other error, and one
    /// about which nothing is found, stays as it is.
    pub(super) fn with_names(&self, error: Error, culprit: Culprit<'_>) -> Error {
        let Error::Database(error) = error else {
            return error;
        };
        let mut error = match error.try_downcast::<SqliteError>() {
            Ok(error) if error.is_violation() => error,
            Ok(error) => return Error::Database(error),
            Err(error) => return Error::Database(error),
        };
        match self.names(&error, culprit) {
            Ok((table, constraint)) => error.name(table, constraint),
            Err(lookup) => tracing::debug!(
                error = %lookup,
                "the constraint that a statement broke could not be looked up"
            ),
        }
        Error::Database(error)
    }

    fn names(&self, error: &SqliteError, culprit: Culprit<'_>) -> rusqlite::Result<Names> {
        let connection = &self.connection;
        match (error.cause(), error.table()) {
            (SqliteErrorCause::ForeignKey, _) => self.foreign_key_names(culprit),
            (SqliteErrorCause::Check, _) => {
                check_names(connection, error.constraint().unwrap_or_default(), culprit)
            }
            (SqliteErrorCause::PrimaryKey | SqliteErrorCause::Unique, Some(table)) => {
                let name = unique_name(connection, table, error.columns())?;
                Ok((None, name))
            }
            (SqliteErrorCause::Unique, None) => {
                // An index over an expression is all that has a name and no table.
                let index = error.constraint().unwrap_or_default();
                Ok((index_table(connection, index)?, Some(index.to_owned())))
            }
            _ => Ok((None, None)),
        }
    }
}

/// The table's name as it was created, and its constraints. Of tables of attached files nothing is
/// known.
pub(super) fn constraints_of(
    connection: &Connection,
    table: &str,
) -> rusqlite::Result<Option<(String, Vec<Constraint>)>> {
    let mut schema = connection.prepare_cached(
        "SELECT name, sql FROM (SELECT 0 AS place, * FROM sqlite_temp_schema \
         UNION ALL SELECT 1, * FROM sqlite_schema) \
         WHERE type = 'table' AND name = ?1 COLLATE NOCASE AND sql IS NOT NULL ORDER BY place",
    )?;
    let found: Option<(String, String)> = schema
        .query_row([table], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found.map(|(name, sql)| {
        let constraints = declared(&name, &sql);
        (name, constraints)
    }))
}

fn index_table(connection: &Connection, index: &str) -> rusqlite::Result<Option<String>> {
    connection
        .query_row(
            "SELECT tbl_name FROM (SELECT * FROM sqlite_temp_schema UNION ALL \
             SELECT * FROM sqlite_schema) WHERE type = 'index' AND name = ?1",
            [index],
            |row| row.get(0),
        )
        .optional()
}

/// A constraint's name before an index's: what breaks a partial index breaks the constraint over the
/// same columns too.
fn unique_name(
    connection: &Connection,
    table: &str,
    columns: &[String],
) -> rusqlite::Result<Option<String>> {
    let constraints = constraints_of(connection, table)?.map_or(Vec::new(), |(_, found)| found);
    let over = |constraint: &Constraint| {
        matches!(constraint.rule, Rule::PrimaryKey | Rule::Unique) && constraint.columns == columns
    };
    if let Some(constraint) = constraints.into_iter().find(over) {
        return Ok(Some(constraint.name));
    }
    let mut indexes = connection.prepare_cached(
        "SELECT name FROM pragma_index_list(?1) WHERE \"unique\" AND origin = 'c' ORDER BY seq DESC",
    )?;
    let mut info =
        connection.prepare_cached("SELECT name FROM pragma_index_info(?1) ORDER BY seqno")?;
    let names: Vec<String> = indexes
        .query_map([table], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for name in names {
        let over: Vec<Option<String>> = info
            .query_map([&name], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        if over.iter().flatten().eq(columns) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// SQLite gives a CHECK's name, or its text where it has none: looked for in the statement's own
/// table, and then, for those that a trigger or a cascade writes to, in all. It may call several by
/// the same name; then the table is all that is known.
fn check_names(
    connection: &Connection,
    said: &str,
    culprit: Culprit<'_>,
) -> rusqlite::Result<Names> {
    let mut tables: Vec<String> = Target::of(culprit.sql)
        .map(|target| target.table)
        .into_iter()
        .collect();
    let mut list =
        connection.prepare_cached("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    for name in list.query_map([], |row| row.get(0))? {
        tables.push(name?);
    }
    for table in tables {
        let Some((table, constraints)) = constraints_of(connection, &table)? else {
            continue;
        };
        let check =
            |constraint: &Constraint| matches!(&constraint.rule, Rule::Check(text) if text == said);
        let mut found = constraints.into_iter().filter(check);
        if let Some(constraint) = found.next() {
            let only = found.next().is_none();
            return Ok((Some(table), only.then_some(constraint.name)));
        }
    }
    Ok((None, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(sql: &str) -> Option<(String, bool, bool)> {
        let target = Target::of(sql)?;
        Some((target.table, target.unsettles_keys, target.writes_rows))
    }

    #[test]
    fn the_target_is_read_from_the_text() {
        let of = |table: &str, unsettles, writes| Some((table.to_owned(), unsettles, writes));
        assert_eq!(target("INSERT INTO t (a) VALUES (1)"), of("t", false, true));
        assert_eq!(
            target("insert or replace into main.\"t\" values (1)"),
            of("t", true, true)
        );
        assert_eq!(
            target("INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 1"),
            of("t", true, true)
        );
        assert_eq!(target("UPDATE OR FAIL t SET a = 1"), of("t", true, true));
        assert_eq!(target("UPDATE t SET a = 1"), of("t", true, true));
        assert_eq!(
            target("WITH x AS (SELECT 1) DELETE FROM t"),
            of("t", true, false)
        );
        assert_eq!(target("COMMIT"), None);
        assert_eq!(target(""), None);
        assert_eq!(target("DELETE"), None);
    }
}
