//! Columns.

use sqlx::{AnyConnection, Row as _};

use crate::config::Engine;
use crate::driver::sqlite::ColumnDefinition;
use crate::migration::parity::model::{Column, DefaultValue, Expression};
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
        checks: &[&str],
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
fn kind(raw: &Raw, collation: Option<&str>, checks: &[&str]) -> String {
    let found = |collation| reading_back::on_sqlite(&raw.name, &raw.declared, collation, checks);
    if let Some(portable) = found(collation) {
        return portable;
    }
    let declared = if raw.declared.is_empty() {
        "no type"
    } else {
        &raw.declared
    };
    let collated = |name: &str| format!("{declared} COLLATE {name}");
    match collation {
        // It is the collation that makes the difference, or the lack of it.
        Some(name) if found(None).is_some() => collated(name),
        Some(name) if !name.eq_ignore_ascii_case(DECIMAL_COLLATION) => {
            format!("{} without its CHECK", collated(name))
        }
        None if found(Some(DECIMAL_COLLATION)).is_some() => {
            format!("{declared} without COLLATE {DECIMAL_COLLATION}")
        }
        _ => format!("{declared} without its CHECK"),
    }
}

fn default(raw: &Raw) -> Option<DefaultValue> {
    let text = raw.default.as_deref()?;
    let says = reading_back::default(Engine::Sqlite, text);
    (says != Says::Nothing).then(|| DefaultValue {
        says,
        expression: Expression::new(text),
    })
}
