//! The names and types of the columns of the tables that a statement touches.

use super::super::declared::Declared;
use super::super::error::{SqliteError, SqliteErrorCause};
use super::super::lexer;
use super::Tables;
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::{BTreeMap, BTreeSet};

/// How a NUMERIC column is declared here.
const DECLARED: &str = "NUMERIC_TEXT";

/// The columns of a table, by name in lower case, in their order.
pub(super) type Columns = Vec<(String, Declared)>;

/// The columns, by name in lower case; most of it is about those that are NUMERIC.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Those that have the collation.
    pub(super) columns: BTreeSet<String>,
    /// Columns of views that may be NUMERIC and have no collation.
    pub(super) computed: BTreeSet<String>,
    /// The NUMERIC columns of each table and view.
    pub(super) tables: BTreeMap<String, BTreeSet<String>>,
    /// The columns of tables into which rows are inserted, in their order; whether NUMERIC.
    pub(super) inserted: BTreeMap<String, Vec<(String, bool)>>,
    /// The columns of each table and view; `None` where the name alone does not tell them.
    pub(super) all: BTreeMap<String, Option<Columns>>,
}

impl Names {
    /// Looks the columns up, by preparing a statement over each table without running it: that
    /// begins no transaction.
    pub(super) fn read(connection: &Connection, tables: &Tables) -> Result<Self, SqliteError> {
        let mut names = Self::default();
        let mut views = BTreeSet::new();
        let mut databases = BTreeMap::new();
        for touched in &tables.0 {
            let table = touched.table.to_lowercase();
            let known = names.tables.contains_key(&table);
            let database = databases.entry(table.clone()).or_insert(&touched.database);
            if *database != &touched.database {
                names.all.insert(table.clone(), None);
            }
            if !known || touched.inserted {
                let columns = columns(connection, &touched.database, &touched.table)?;
                names.keep(&table, &columns);
                names
                    .all
                    .entry(table.clone())
                    .or_insert_with(|| Some(typed(&columns)));
                if touched.inserted && touched.through.is_none() {
                    let inserted = columns
                        .into_iter()
                        .map(|(name, declared)| (name, is_numeric(declared.as_deref())))
                        .collect();
                    names.inserted.insert(table, inserted);
                }
            }
            views.extend(
                touched
                    .through
                    .as_ref()
                    .map(|view| (&touched.database, view)),
            );
        }
        let mut are_simple = true;
        for (database, view) in &views {
            let columns = columns(connection, database, view)?;
            if columns.is_empty() {
                continue;
            }
            let view_name = view.to_lowercase();
            names.keep(&view_name, &columns);
            are_simple &= !is_compound(connection, database, view)?;
            names
                .all
                .entry(view_name)
                .or_insert_with(|| Some(typed(&columns)));
            let computed = columns
                .into_iter()
                .filter(|(_, declared)| declared.is_none());
            names.computed.extend(computed.map(|(name, _)| name));
        }
        if !are_simple {
            // SQLite has the type of one of the SELECTs for it, PostgreSQL one that suits them all.
            for (_, view) in &views {
                names.all.insert(view.to_lowercase(), None);
            }
        }
        Ok(names)
    }

    fn keep(&mut self, table: &str, columns: &[(String, Option<String>)]) {
        let numeric: BTreeSet<String> = columns
            .iter()
            .filter(|(_, declared)| is_numeric(declared.as_deref()))
            .map(|(name, _)| name.clone())
            .collect();
        self.columns.extend(numeric.iter().cloned());
        self.tables.insert(table.to_owned(), numeric);
    }

    /// Whether there is nothing to look for.
    pub(super) fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }
}

fn is_numeric(declared: Option<&str>) -> bool {
    declared
        .and_then(|name| name.get(..DECLARED.len()))
        .is_some_and(|start| start.eq_ignore_ascii_case(DECLARED))
}

fn typed(columns: &[(String, Option<String>)]) -> Columns {
    columns
        .iter()
        .map(|(name, declared)| {
            let declared = declared
                .as_deref()
                .map_or(Declared::Unknown, Declared::parse);
            (name.clone(), declared)
        })
        .collect()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether the view is a UNION, INTERSECT or EXCEPT, or has one in it.
fn is_compound(connection: &Connection, database: &str, view: &str) -> Result<bool, SqliteError> {
    let sql = format!(
        "SELECT sql FROM {}.sqlite_schema WHERE type = 'view' AND name = ?1 COLLATE NOCASE",
        quoted(database)
    );
    let text: Option<String> = connection
        .prepare(&sql)
        .and_then(|mut statement| statement.query_row([view], |row| row.get(0)).optional())
        .map_err(SqliteError::from)?;
    let compound = |text: String| {
        lexer::tokens(&text).iter().any(|token| {
            ["UNION", "INTERSECT", "EXCEPT"]
                .iter()
                .any(|word| token.is(word))
        })
    };
    Ok(text.is_some_and(compound))
}

/// The columns of a table or view, in lower case, with their declared types.
fn columns(
    connection: &Connection,
    database: &str,
    table: &str,
) -> Result<Vec<(String, Option<String>)>, SqliteError> {
    let sql = format!("SELECT * FROM {}.{}", quoted(database), quoted(table));
    let statement = match connection.prepare(&sql).map_err(SqliteError::from) {
        Ok(statement) => statement,
        // A table-valued function, or the name of a CTE or trigger.
        Err(error) if error.cause() == SqliteErrorCause::Statement => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let columns = statement.columns();
    Ok(columns
        .iter()
        .map(|column| {
            let declared = column.decl_type().map(str::to_owned);
            (column.name().to_lowercase(), declared)
        })
        .collect())
}
