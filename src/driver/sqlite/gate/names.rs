//! The names of the NUMERIC columns of the tables that a statement touches.

use super::super::error::{SqliteError, SqliteErrorCause};
use super::Tables;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

/// How a NUMERIC column is declared here.
const DECLARED: &str = "NUMERIC_TEXT";

/// The NUMERIC columns, by name in lower case.
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
}

impl Names {
    /// Looks the columns up, by preparing a statement over each table without running it: that
    /// begins no transaction.
    pub(super) fn read(connection: &Connection, tables: &Tables) -> Result<Self, SqliteError> {
        let mut names = Self::default();
        let mut views = BTreeSet::new();
        for touched in &tables.0 {
            let table = touched.table.to_lowercase();
            let known = names.tables.contains_key(&table);
            if !known || touched.inserted {
                let columns = columns(connection, &touched.database, &touched.table)?;
                names.keep(&table, &columns);
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
        if names.columns.is_empty() {
            return Ok(names);
        }
        for (database, view) in views {
            let columns = columns(connection, database, view)?;
            if columns.is_empty() {
                continue;
            }
            names.keep(&view.to_lowercase(), &columns);
            let computed = columns
                .into_iter()
                .filter(|(_, declared)| declared.is_none());
            names.computed.extend(computed.map(|(name, _)| name));
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

/// The columns of a table or view, in lower case, with their declared types.
fn columns(
    connection: &Connection,
    database: &str,
    table: &str,
) -> Result<Vec<(String, Option<String>)>, SqliteError> {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
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
