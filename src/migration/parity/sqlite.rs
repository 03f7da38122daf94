//! Reads the schema of a `SQLite` database: the pragmas, and the stored text for what they don't tell.

use std::collections::HashMap;

use sqlx::{AnyConnection, Executor as _, Row as _};

use super::model::{
    Check, Column, DefaultValue, Expression, ForeignKey, Index, Key, Part, Schema, Table,
};
use crate::config::Engine;
use crate::driver::sqlite::{
    Constraint, Rule, column_definitions, declared_constraints, index_definition,
};
use crate::migration::schema::is_own;
use crate::migration::translate::reading_back::{self, Says};
use crate::migration::translate::{DECIMAL_COLLATION, TYPE_CHECK_PREFIX};

pub(super) async fn read(conn: &mut AnyConnection) -> Result<Schema, sqlx::Error> {
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
            let names = columns.into_iter().map(|column| column.name).collect();
            schema.views.insert(name, names);
        } else {
            let has_rowid = row.try_get::<i64, _>(2)? == 0;
            let table = table(conn, &name, has_rowid, &texts).await?;
            schema.tables.insert(name, table);
        }
    }
    name_targets(&mut schema);
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

/// A column as the pragma has it.
struct Raw {
    name: String,
    declared: String,
    not_null: bool,
    default: Option<String>,
    /// Its place in the primary key, from 1.
    key: i64,
}

async fn columns(conn: &mut AnyConnection, table: &str) -> Result<Vec<Raw>, sqlx::Error> {
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

async fn table(
    conn: &mut AnyConnection,
    name: &str,
    has_rowid: bool,
    texts: &Texts,
) -> Result<Table, sqlx::Error> {
    let sql = texts.get(name).map_or("", String::as_str);
    let constraints = declared_constraints(name, sql);
    let raw = columns(conn, name).await?;
    let (indexes, has_key_index) = indexes(conn, name, texts, sql).await?;
    let mut keys: Vec<&Raw> = raw.iter().filter(|column| column.key > 0).collect();
    keys.sort_by_key(|column| column.key);
    // The key of one INTEGER is another name for the rowid; every other key has an index.
    let rowid = match keys[..] {
        [only] if has_rowid && !has_key_index => Some(only.name.clone()),
        _ => None,
    };
    let primary = |c: &&Constraint| c.rule == Rule::PrimaryKey;
    let primary_key = (!keys.is_empty()).then(|| Key {
        name: constraints
            .iter()
            .find(primary)
            .map_or_else(String::new, |c| c.name.clone()),
        columns: keys.iter().map(|column| column.name.clone()).collect(),
        nulls_are_distinct: true,
    });
    let checks: Vec<&Constraint> = constraints
        .iter()
        .filter(|c| matches!(c.rule, Rule::Check(_)))
        .collect();
    let definitions = column_definitions(sql);
    let typed: Vec<&str> = checks
        .iter()
        .filter(|check| is_type_check(check))
        .map(|check| check.condition.as_str())
        .collect();
    let column = |raw: &Raw| {
        let definition = definitions.iter().find(|d| d.name == raw.name);
        let collation = definition.and_then(|d| d.collation.as_deref());
        let generated = definition.and_then(|d| d.generated.clone());
        let is_rowid = rowid.as_ref() == Some(&raw.name);
        Column {
            kind: if is_rowid {
                "BIGINT".to_owned()
            } else {
                kind(raw, collation, &typed)
            },
            name: raw.name.clone(),
            declared: raw.declared.clone(),
            not_null: raw.not_null || is_rowid,
            default: default(raw),
            generated: generated.map(Expression::new),
            identity: is_rowid.then_some("the rowid"),
        }
    };
    Ok(Table {
        columns: raw.iter().map(column).collect(),
        unique: unique(&constraints, primary_key.as_ref()),
        primary_key,
        foreign_keys: foreign_keys(conn, name, &constraints).await?,
        checks: checks
            .iter()
            .filter(|check| !is_type_check(check))
            .map(|check| Check {
                name: check.name.clone(),
                condition: Expression::new(&check.condition),
            })
            .collect(),
        indexes,
        triggers: triggers(conn, name).await?,
    })
}

/// The UNIQUE constraints. Of two over the same columns `PostgreSQL` keeps the first, and none beside a
/// primary key.
fn unique(constraints: &[Constraint], primary_key: Option<&Key>) -> Vec<Key> {
    let mut found: Vec<Key> = Vec::new();
    for constraint in constraints.iter().filter(|c| c.rule == Rule::Unique) {
        let mut before = found.iter().chain(primary_key);
        if before.all(|key| key.columns != constraint.columns) {
            found.push(Key {
                name: constraint.name.clone(),
                columns: constraint.columns.clone(),
                nulls_are_distinct: true,
            });
        }
    }
    found
}

/// Whether a CHECK holds a column to its type: by the name that SQLite calls it, which its message has.
fn is_type_check(check: &Constraint) -> bool {
    check.name.starts_with(TYPE_CHECK_PREFIX)
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

async fn foreign_keys(
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

/// The indexes that were made by CREATE INDEX, and whether the primary key has one.
async fn indexes(
    conn: &mut AnyConnection,
    table: &str,
    texts: &Texts,
    sql: &str,
) -> Result<(Vec<Index>, bool), sqlx::Error> {
    let rows =
        sqlx::query("SELECT name, \"unique\", origin FROM pragma_index_list($1) ORDER BY name")
            .bind(table)
            .fetch_all(&mut *conn)
            .await?;
    let (mut found, mut has_key_index) = (Vec::new(), false);
    let definitions = column_definitions(sql);
    for row in rows {
        let origin: String = row.try_get(2)?;
        has_key_index |= origin == "pk";
        if origin != "c" {
            continue;
        }
        let name: String = row.try_get(0)?;
        let definition = index_definition(texts.get(&name).map_or("", String::as_str));
        let keys = sqlx::query(
            "SELECT name, \"desc\", coll FROM pragma_index_xinfo($1) WHERE key ORDER BY seqno",
        )
        .bind(name.as_str())
        .fetch_all(&mut *conn)
        .await?;
        let mut parts = Vec::new();
        for (at, key) in keys.iter().enumerate() {
            let column: Option<String> = key.try_get(0)?;
            let collation: String = key.try_get(2)?;
            let own = definitions
                .iter()
                .find(|definition| Some(&definition.name) == column.as_ref())
                .and_then(|definition| definition.collation.as_deref())
                .unwrap_or("BINARY");
            let is_column = column.is_some();
            let text = column.or_else(|| definition.parts.get(at).cloned());
            parts.push(Part {
                expression: Expression::new(text.unwrap_or_default()),
                is_column,
                is_descending: key.try_get::<i64, _>(1)? != 0,
                // That of an expression may come from a column in it.
                order: (is_column && !collation.eq_ignore_ascii_case(own))
                    .then(|| format!("COLLATE {collation}")),
            });
        }
        found.push(Index {
            name,
            method: "btree".to_owned(),
            is_unique: row.try_get::<i64, _>(1)? != 0,
            nulls_are_distinct: true,
            parts,
            predicate: definition.predicate.map(Expression::new),
        });
    }
    Ok((found, has_key_index))
}

async fn triggers(conn: &mut AnyConnection, table: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = lower($1) ORDER BY name",
    )
    .bind(table)
    .fetch_all(conn)
    .await
}

/// Gives the tables and columns that foreign keys refer to the names that they were declared with, and
/// those that name no column the primary key.
fn name_targets(schema: &mut Schema) {
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
