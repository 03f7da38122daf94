//! UNIQUE constraints and foreign keys.

use std::collections::HashMap;

use sqlx::{AnyConnection, Row as _};

use crate::driver::sqlite::{Constraint, Rule};
use crate::migration::parity::model::{Checked, ForeignKey, Key, Schema};

/// The UNIQUE constraints. Of two over the same columns `PostgreSQL` keeps the first, and none beside a
/// primary key.
pub(super) fn unique(constraints: &[Constraint], primary_key: Option<&Key>) -> Vec<Key> {
    let mut found: Vec<Key> = Vec::new();
    for constraint in constraints.iter().filter(|c| c.rule == Rule::Unique) {
        let is_twin = |key: &&mut Key| key.columns == constraint.columns;
        if let Some(twin) = found.iter_mut().find(is_twin) {
            let action = || constraint.on_conflict.clone();
            twin.on_conflict = twin.on_conflict.take().or_else(action);
        } else if primary_key.is_none_or(|key| key.columns != constraint.columns) {
            found.push(Key {
                name: constraint.name.clone(),
                columns: constraint.columns.clone(),
                nulls_are_distinct: true,
                on_conflict: constraint.on_conflict.clone(),
                checked: Checked::AtOnce,
            });
        }
    }
    found
}

pub(super) async fn foreign(
    conn: &mut AnyConnection,
    table: &str,
    constraints: &[Constraint],
) -> Result<Vec<ForeignKey>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT id, \"table\", \"from\", \"to\", on_update, on_delete FROM pragma_foreign_key_list($1) \
         ORDER BY id DESC, seq",
    )
    .bind(table)
    .fetch_all(conn)
    .await?;
    // The last declared has the lowest number.
    let mut declared = constraints
        .iter()
        .filter(|c| matches!(c.rule, Rule::ForeignKey(_)));
    let mut keys: Vec<(i64, ForeignKey)> = Vec::new();
    for row in rows {
        let id: i64 = row.try_get(0)?;
        if keys.last().is_none_or(|(last, _)| *last != id) {
            let constraint = declared.next();
            let key = ForeignKey {
                name: constraint.map_or_else(String::new, |c| c.name.clone()),
                columns: Vec::new(),
                target: row.try_get(1)?,
                target_columns: Vec::new(),
                on_update: row.try_get(4)?,
                on_delete: row.try_get(5)?,
                is_deferred: constraint.is_some_and(|c| c.deferred),
                matches_full: false,
            };
            keys.push((id, key));
        }
        if let Some((_, key)) = keys.last_mut() {
            key.columns.push(row.try_get(2)?);
            key.target_columns
                .extend(row.try_get::<Option<String>, _>(3)?);
        }
    }
    Ok(keys.into_iter().map(|(_, key)| key).collect())
}

/// Gives the tables and columns that foreign keys refer to the names that they were declared with, and
/// those that name no column the primary key.
pub(super) fn name_targets(schema: &mut Schema) {
    let known: HashMap<String, (String, Vec<String>, Vec<String>)> = schema
        .tables
        .iter()
        .map(|(name, table)| {
            let key = table.primary_key.as_ref();
            let key = key.map(|key| key.columns.clone()).unwrap_or_default();
            let columns = table.columns.iter().map(|c| c.name.clone()).collect();
            (name.to_ascii_lowercase(), (name.clone(), columns, key))
        })
        .collect();
    let tables = schema.tables.values_mut();
    for key in tables.flat_map(|table| &mut table.foreign_keys) {
        let Some((name, columns, primary)) = known.get(&key.target.to_ascii_lowercase()) else {
            continue;
        };
        key.target.clone_from(name);
        if key.target_columns.is_empty() {
            key.target_columns.clone_from(primary);
        }
        for target in &mut key.target_columns {
            let same = |column: &&String| column.eq_ignore_ascii_case(target);
            if let Some(declared) = columns.iter().find(same) {
                target.clone_from(declared);
            }
        }
    }
}
