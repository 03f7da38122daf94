//! Columns.

use std::fmt::Write as _;

use sqlx::{AnyConnection, Row as _};

use crate::config::Engine;
use crate::driver::sqlite::{ColumnDefinition, Constraint};
use crate::migration::parity::model::{Column, DefaultValue, Expression, Stored};
use crate::migration::translate::DECIMAL_COLLATION;
use crate::migration::translate::reading_back::{self, Says};

/// A column as the pragma has it.
pub(super) struct Raw {
    pub(super) name: String,
    pub(super) declared: String,
    pub(super) not_null: bool,
    pub(super) default: Option<String>,
    /// Its place in the primary key, from 1.
    pub(super) key: i64,
}

impl Raw {
    /// The column, with what its definition says and the CHECKs that hold the table's columns to their
    /// types.
    pub(super) fn finish(
        &self,
        definition: Option<&ColumnDefinition>,
        checks: &[&Constraint],
        is_rowid: bool,
    ) -> Column {
        let collation = definition.and_then(|definition| definition.collation.as_deref());
        let generated = definition.and_then(|definition| definition.generated.as_deref());
        Column {
            // The rowid takes whole numbers of 64 bits alone.
            kind: if is_rowid {
                "BIGINT".to_owned()
            } else {
                kind(self, collation, checks)
            },
            name: self.name.clone(),
            declared: self.declared.clone(),
            not_null: self.not_null || is_rowid,
            on_null: definition.and_then(|definition| definition.on_null.clone()),
            default: default(self),
            generated: generated.map(Expression::new),
            identity: is_rowid.then_some("the rowid"),
        }
    }
}

pub(super) async fn columns(
    conn: &mut AnyConnection,
    table: &str,
) -> Result<Vec<Raw>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_xinfo($1) \
         WHERE hidden <> 1 ORDER BY cid",
    )
    .bind(table)
    .fetch_all(conn)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Raw {
                name: row.try_get(0)?,
                declared: row.try_get(1)?,
                not_null: row.try_get::<i64, _>(2)? != 0,
                default: row.try_get(3)?,
                key: row.try_get(4)?,
            })
        })
        .collect()
}

/// The portable type, or what is there in its place.
fn kind(raw: &Raw, collation: Option<&str>, checks: &[&Constraint]) -> String {
    let collation = collation.filter(|name| !name.eq_ignore_ascii_case("BINARY"));
    let is_own = |check: &&&Constraint| {
        let mut columns = check.columns.iter();
        columns.any(|column| column.eq_ignore_ascii_case(&raw.name))
    };
    let own: Vec<&str> = checks
        .iter()
        .filter(is_own)
        .map(|check| check.condition.as_str())
        .collect();
    let found = |collation| match own[..] {
        [check] => reading_back::on_sqlite(&raw.name, &raw.declared, collation, check),
        _ => None,
    };
    if let Some(portable) = found(collation) {
        return portable;
    }
    let mut written = if raw.declared.is_empty() {
        "no type".to_owned()
    } else {
        raw.declared.clone()
    };
    // Where the CHECK is right, the collation is what makes the difference, or the lack of it.
    let is_held = found(None).is_some() || found(Some(DECIMAL_COLLATION)).is_some();
    match collation {
        Some(name) => {
            let _ = write!(written, " COLLATE {name}");
        }
        None if is_held => {
            let _ = write!(written, " without COLLATE {DECIMAL_COLLATION}");
        }
        None => {}
    }
    if own.is_empty() {
        written.push_str(" without its CHECK");
    } else if !is_held {
        written.push_str(" with another CHECK");
    }
    written
}

fn default(raw: &Raw) -> Option<DefaultValue> {
    let text = raw.default.as_deref()?;
    let says = reading_back::default(Engine::Sqlite, text);
    (says != Says::Nothing).then(|| DefaultValue {
        says,
        expression: Expression::new(text),
        stored: Stored::AsWritten,
    })
}
