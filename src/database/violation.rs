//! Which constraint a statement broke, named alike on both engines.

use std::fmt;

use sqlx::postgres::PgDatabaseError;

use super::ErrorKind;
use crate::driver::constraint_name::default_name;
use crate::driver::sqlite::SqliteError;
use crate::migration::translate::{TYPE_CHECK_PREFIX, type_check_column};

/// The constraint that a statement broke.
///
/// Table and name are PostgreSQL's on both engines; on SQLite the driver finds them, and makes the
/// name of a constraint without one as PostgreSQL does. `crate::driver::sqlite` says when a foreign
/// key can't be told there. PostgreSQL names the table that has the foreign key also when it is the
/// other table's row that was to go.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The table that has the constraint.
    pub table: Option<String>,
    /// The constraint's name, or the unique index's. Of NOT NULL, which has no name before
    /// PostgreSQL 18, it is the one of that version: `<table>_<column>_not_null`.
    pub constraint: Option<String>,
    /// The columns, of a unique constraint, NOT NULL, or a CHECK that holds a column to its type;
    /// empty for any other, which PostgreSQL does not tell.
    pub columns: Vec<String>,
}

impl Violation {
    /// The constraint of an error of [`ErrorKind::Unique`], [`ErrorKind::ForeignKey`],
    /// [`ErrorKind::NotNull`] or [`ErrorKind::Check`], or of [`ErrorKind::Data`] where a column's
    /// type is held by a CHECK.
    #[must_use]
    pub fn of(error: &sqlx::Error) -> Option<Self> {
        let kind = ErrorKind::of(error);
        let error = error.as_database_error()?;
        let mut violation = Self {
            table: error.table().map(str::to_owned),
            constraint: error.constraint().map(str::to_owned),
            columns: Vec::new(),
        };
        match kind {
            ErrorKind::Unique => violation.columns = unique_columns(error),
            ErrorKind::ForeignKey | ErrorKind::Check => {}
            ErrorKind::NotNull => violation.complete_not_null(error),
            ErrorKind::Data => {
                let name = violation.constraint.as_deref()?;
                if !name.starts_with(TYPE_CHECK_PREFIX) {
                    return None;
                }
                let column = type_check_column(name).map(|(_, column)| column.to_owned());
                violation.columns = column.into_iter().collect();
            }
            _ => return None,
        }
        Some(violation)
    }

    fn complete_not_null(&mut self, error: &dyn sqlx::error::DatabaseError) {
        if let Some(error) = error.try_downcast_ref::<PgDatabaseError>() {
            self.columns = error.column().map(str::to_owned).into_iter().collect();
        } else if let Some(error) = error.try_downcast_ref::<SqliteError>() {
            self.columns = error.columns().to_vec();
        }
        if let (None, Some(table), [column]) = (&self.constraint, &self.table, &self.columns[..]) {
            self.constraint = Some(default_name(table, &[column], "not_null"));
        }
    }
}

fn unique_columns(error: &dyn sqlx::error::DatabaseError) -> Vec<String> {
    if let Some(error) = error.try_downcast_ref::<SqliteError>() {
        return error.columns().to_vec();
    }
    let error = error.try_downcast_ref::<PgDatabaseError>();
    error
        .and_then(PgDatabaseError::detail)
        .and_then(key_columns)
        .unwrap_or_default()
}

/// The columns in `Key (a, "B c")=(1, 2) already exists.`, whatever language it is in. `None` for an
/// expression.
fn key_columns(detail: &str) -> Option<Vec<String>> {
    let (before, _) = detail.split_once(")=(")?;
    let (_, list) = before.split_once('(')?;
    if list.contains('(') {
        return None;
    }
    let name = |column: &str| {
        let quoted = column
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        quoted.map_or_else(|| column.to_owned(), |name| name.replace("\"\"", "\""))
    };
    Some(list.split(", ").map(name).collect())
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.constraint.as_deref().unwrap_or("of unknown name");
        write!(f, "constraint {name}")?;
        if let Some(table) = &self.table {
            write!(f, " of table {table}")?;
        }
        if !self.columns.is_empty() {
            write!(f, ", column {}", self.columns.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_read_from_the_servers_detail() {
        let columns = |detail| key_columns(detail);
        assert_eq!(
            columns("Schlüssel »(a, \"B \"\"c\")=(1, )(=() existiert bereits."),
            Some(vec!["a".to_owned(), "B \"c".to_owned()])
        );
        assert_eq!(columns("Key (lower(a))=(x) already exists."), None);
        assert_eq!(columns("something else"), None);
    }
}
