//! Reads the schema of a `SQLite` database: the pragmas, and the stored text for what they don't tell.

mod columns;
mod defaults;
mod indexes;
mod keys;

use std::collections::HashMap;

use sqlx::{AnyConnection, Executor as _, Row as _};

use super::model::{Check, Checked, Expression, Key, Schema, Table, View};
use crate::driver::sqlite::{Constraint, Rule, column_definitions, declared_constraints};
use crate::migration::schema::is_own;
use crate::migration::translate::TYPE_CHECK_PREFIX;
use columns::{Raw, columns};

pub(super) use defaults::Tried;

pub(super) async fn read(
    conn: &mut AnyConnection,
    tried: &mut Tried,
) -> Result<Schema, sqlx::Error> {
    let mut schema = Schema::default();
    let texts = texts(conn).await?;
    // A virtual table keeps its rows in shadow tables.
    let list = "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' \
                AND type IN ('table', 'view', 'virtual') AND name NOT LIKE 'sqlite\\_%'";
    for row in conn.fetch_all(list).await? {
        let name: String = row.try_get(0)?;
        if is_own(&name) {
            continue;
        }
        if row.try_get::<String, _>(1)? == "view" {
            let columns = columns(conn, &name).await?;
            let view = View {
                columns: columns.into_iter().map(|column| column.name).collect(),
                is_materialized: false,
            };
            schema.views.insert(name, view);
        } else {
            let has_rowid = row.try_get::<i64, _>(2)? == 0;
            let table = table(conn, tried, &name, has_rowid, &texts).await?;
            schema.tables.insert(name, table);
        }
    }
    keys::name_targets(&mut schema);
    Ok(schema)
}

/// The stored texts by name.
type Texts = HashMap<String, String>;

async fn texts(conn: &mut AnyConnection) -> Result<Texts, sqlx::Error> {
    let stored = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL";
    let rows = conn.fetch_all(stored).await?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect()
}

async fn table(
    conn: &mut AnyConnection,
    tried: &mut Tried,
    name: &str,
    has_rowid: bool,
    texts: &Texts,
) -> Result<Table, sqlx::Error> {
    let sql = texts.get(name).map_or("", String::as_str);
    let constraints = declared_constraints(name, sql);
    let raw = columns(conn, name).await?;
    let (indexes, has_key_index) = indexes::read(conn, name, texts, sql).await?;
    let mut keys: Vec<&Raw> = raw.iter().filter(|column| column.key > 0).collect();
    keys.sort_by_key(|column| column.key);
    // The key of one INTEGER is another name for the rowid; every other key has an index.
    let rowid = match keys[..] {
        [only] if has_rowid && !has_key_index => Some(only.name.clone()),
        _ => None,
    };
    let primary = |c: &&Constraint| c.rule == Rule::PrimaryKey;
    let key_columns: Vec<String> = keys.iter().map(|column| column.name.clone()).collect();
    // A UNIQUE over the same columns is the same index.
    let same = |c: &&Constraint| {
        c.rule == Rule::PrimaryKey || (c.rule == Rule::Unique && c.columns == key_columns)
    };
    let mut actions = constraints.iter().filter(same);
    let primary_key = (!keys.is_empty()).then(|| Key {
        name: constraints
            .iter()
            .find(primary)
            .map_or_else(String::new, |c| c.name.clone()),
        on_conflict: actions.find_map(|constraint| constraint.on_conflict.clone()),
        columns: key_columns.clone(),
        nulls_are_distinct: true,
        checked: Checked::AtOnce,
    });
    let checks: Vec<&Constraint> = constraints
        .iter()
        .filter(|c| matches!(c.rule, Rule::Check(_)))
        .collect();
    let typed: Vec<&Constraint> = checks
        .iter()
        .copied()
        .filter(|check| check.name.starts_with(TYPE_CHECK_PREFIX))
        .collect();
    let definitions = column_definitions(sql);
    let mut columns = Vec::with_capacity(raw.len());
    for raw in &raw {
        let definition = definitions.iter().find(|d| d.name == raw.name);
        let mut column = raw.finish(definition, &typed, rowid.as_ref() == Some(&raw.name));
        tried.attempt(conn, raw, &typed, &mut column).await?;
        columns.push(column);
    }
    Ok(Table {
        columns,
        unique: keys::unique(&constraints, primary_key.as_ref()),
        primary_key,
        foreign_keys: keys::foreign(conn, name, &constraints).await?,
        checks: checks
            .iter()
            .filter(|check| !check.name.starts_with(TYPE_CHECK_PREFIX))
            .map(|check| Check {
                name: name_in_errors(check).to_owned(),
                condition: Expression::new(&check.condition),
            })
            .collect(),
        indexes,
        triggers: triggers(conn, name).await?,
    })
}

/// The name that an error has. One without a name that stands after a type's is called by that, and
/// passes for a value that does not fit its type.
fn name_in_errors(check: &Constraint) -> &str {
    match &check.rule {
        Rule::Check(called) if called.starts_with(TYPE_CHECK_PREFIX) => called,
        _ => &check.name,
    }
}

async fn triggers(conn: &mut AnyConnection, table: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = lower($1) ORDER BY name",
    )
    .bind(table)
    .fetch_all(conn)
    .await
}
