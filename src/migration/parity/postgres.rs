//! Reads the schema of a `PostgreSQL` database from its catalog. Extensions' objects are not the
//! application's, and partitions belong to their table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Executor as _, Row as _};

use super::judge::{Judge, Place};
use super::model::{
    ALWAYS, Check, Checked, Column, DefaultValue, Expression, ForeignKey, Index, Key, Part, Schema,
    Stored, Table, View,
};
use crate::config::Engine;
use crate::migration::schema::is_own;
use crate::migration::translate::TYPE_CHECK_PREFIX;
use crate::migration::translate::reading_back::{self, Says};

/// Which classes are the application's.
const OWN: &str = "c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) \
     AND NOT c.relispartition AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.objid = c.oid AND e.deptype = 'e')";

const CLASSES: &str = "SELECT CAST(c.relname AS TEXT), CAST(c.relkind AS TEXT) FROM pg_class c \
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {own}";

const COLUMNS: &str = "SELECT CAST(c.relname AS TEXT), CAST(a.attname AS TEXT), \
     CAST(format_type(a.atttypid, a.atttypmod) AS TEXT), CAST(k.collname AS TEXT), a.attnotnull, \
     CAST(pg_get_expr(d.adbin, d.adrelid) AS TEXT), CAST(a.attidentity AS TEXT), a.attgenerated <> '' \
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_collation k ON k.oid = a.attcollation \
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped AND {own} \
     ORDER BY c.relname, a.attnum";

const CONSTRAINTS: &str = "SELECT CAST(c.relname AS TEXT), CAST(k.conname AS TEXT), CAST(k.contype AS TEXT), \
     CAST((SELECT json_agg(a.attname ORDER BY o.at) FROM unnest(k.conkey) WITH ORDINALITY o (number, at) \
     JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = o.number) AS TEXT), \
     CAST((SELECT relname FROM pg_class WHERE oid = k.confrelid) AS TEXT), \
     CAST((SELECT json_agg(a.attname ORDER BY o.at) FROM unnest(k.confkey) WITH ORDINALITY o (number, at) \
     JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = o.number) AS TEXT), \
     CAST(k.confdeltype AS TEXT), CAST(k.confupdtype AS TEXT), k.condeferred, k.confmatchtype = 'f', \
     CAST(CASE k.contype WHEN 'c' THEN pg_get_expr(k.conbin, k.conrelid) ELSE pg_get_constraintdef(k.oid) END AS TEXT), \
     coalesce((SELECT i.indnullsnotdistinct FROM pg_index i WHERE i.indexrelid = k.conindid AND k.contype = 'u'), false), k.condeferrable, \
     CAST((SELECT json_agg(a.attname ORDER BY a.attnum) FROM unnest(k.confdelsetcols) AS o (number) \
     JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = o.number \
     WHERE NOT k.conkey <@ k.confdelsetcols) AS TEXT) \
     FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid \
     WHERE k.contype IN ('p', 'u', 'f', 'c', 'x') AND {own} ORDER BY c.relname, k.conname";

const INDEXES: &str = "SELECT CAST(c.relname AS TEXT), CAST(x.relname AS TEXT), i.indisunique, i.indnullsnotdistinct, \
     CAST(m.amname AS TEXT), CAST(pg_get_expr(i.indpred, i.indrelid) AS TEXT), \
     CAST((SELECT json_agg(json_build_object('column', a.attname, \
     'expression', CASE WHEN a.attname IS NULL THEN pg_get_indexdef(i.indexrelid, n + 1, false) END, \
     'descending', i.indoption[n] & 1 = 1, \
     'collation', CASE WHEN i.indcollation[n] <> a.attcollation THEN l.collname END, \
     'operators', CASE WHEN NOT o.opcdefault THEN o.opcname END) ORDER BY n) \
     FROM generate_series(0, i.indnkeyatts - 1) n \
     LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] AND i.indkey[n] > 0 \
     LEFT JOIN pg_collation l ON l.oid = i.indcollation[n] LEFT JOIN pg_opclass o ON o.oid = i.indclass[n]) AS TEXT) \
     FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam \
     JOIN pg_class c ON c.oid = i.indrelid WHERE {own} AND NOT EXISTS (SELECT 1 FROM pg_constraint k \
     WHERE k.conindid = x.oid AND k.contype IN ('p', 'u', 'x')) ORDER BY c.relname, x.relname";

const TRIGGERS: &str = "SELECT CAST(c.relname AS TEXT), CAST(g.tgname AS TEXT) FROM pg_trigger g \
     JOIN pg_class c ON c.oid = g.tgrelid WHERE NOT g.tgisinternal AND {own} ORDER BY c.relname, g.tgname";

async fn rows(conn: &mut AnyConnection, sql: &str) -> Result<Vec<AnyRow>, sqlx::Error> {
    let sql = sqlx::AssertSqlSafe(sql.replace("{own}", OWN));
    conn.fetch_all(sql).await
}

/// Reads the schema in which the connection makes its tables.
pub(super) async fn read(
    conn: &mut AnyConnection,
    judge: &mut Judge,
) -> Result<Schema, sqlx::Error> {
    let mut schema = Schema::default();
    for row in rows(conn, CLASSES).await? {
        let name: String = row.try_get(0)?;
        let kind: String = row.try_get(1)?;
        if ["v", "m"].contains(&&*kind) {
            let view = View {
                is_materialized: kind == "m",
                ..View::default()
            };
            schema.views.insert(name, view);
        } else if !is_own(&name) {
            schema.tables.insert(name, Table::default());
        }
    }
    let mut columns: BTreeMap<String, Vec<Raw>> = BTreeMap::new();
    for row in rows(conn, COLUMNS).await? {
        let table: String = row.try_get(0)?;
        if let Some(view) = schema.views.get_mut(&table) {
            view.columns.push(row.try_get(1)?);
        } else {
            columns.entry(table).or_default().push(Raw::read(&row)?);
        }
    }
    let mut typed: BTreeMap<String, Vec<TypeCheck>> = BTreeMap::new();
    for row in rows(conn, CONSTRAINTS).await? {
        let name: String = row.try_get(0)?;
        if let Some(table) = schema.tables.get_mut(&name)
            && let Some(check) = constraint(&row, table)?
        {
            typed.entry(name).or_default().push(check);
        }
    }
    for row in rows(conn, INDEXES).await? {
        if let Some(table) = schema.tables.get_mut(&row.try_get::<String, _>(0)?) {
            table.indexes.push(index(&row)?);
        }
    }
    for row in rows(conn, TRIGGERS).await? {
        if let Some(table) = schema.tables.get_mut(&row.try_get::<String, _>(0)?) {
            table.triggers.push(row.try_get(1)?);
        }
    }
    for (name, table) in &mut schema.tables {
        let raw = columns.remove(name).unwrap_or_default();
        let checks = typed.remove(name).unwrap_or_default();
        let place = Place::new(name, raw.iter().map(|c| (&c.name[..], &c.declared[..])));
        for column in raw {
            let kind = kind(conn, judge, &place, &column, &checks).await?;
            table.columns.push(column.finish(kind));
        }
    }
    Ok(schema)
}

/// A column as the catalog has it.
struct Raw {
    name: String,
    declared: String,
    collation: Option<String>,
    not_null: bool,
    expression: Option<String>,
    /// `a` for ALWAYS, `d` for BY DEFAULT, or nothing.
    identity: String,
    is_generated: bool,
}

impl Raw {
    fn read(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            name: row.try_get(1)?,
            declared: row.try_get(2)?,
            collation: row.try_get(3)?,
            not_null: row.try_get(4)?,
            expression: row.try_get(5)?,
            identity: row.try_get(6)?,
            is_generated: row.try_get(7)?,
        })
    }

    fn finish(self, kind: String) -> Column {
        let from_sequence = |text: &String| text.starts_with("nextval(");
        let identity = match self.identity.as_str() {
            "a" => Some(ALWAYS),
            "d" => Some("an identity column"),
            _ => {
                let is_serial = self.expression.as_ref().is_some_and(from_sequence);
                is_serial.then_some("a sequence")
            }
        };
        let (default, generated) = match (self.expression, self.is_generated) {
            (Some(text), true) => (None, Some(Expression::new(text))),
            (Some(text), false) if identity.is_none() => {
                let says = reading_back::default(Engine::Postgres, &text);
                let default = DefaultValue {
                    says,
                    expression: Expression::new(text),
                    stored: Stored::AsWritten,
                };
                ((says != Says::Nothing).then_some(default), None)
            }
            _ => (None, None),
        };
        Column {
            name: self.name,
            kind,
            declared: self.declared,
            not_null: self.not_null,
            on_null: None,
            default,
            generated,
            identity,
        }
    }
}

/// A CHECK that holds a column to its type.
struct TypeCheck {
    column: String,
    condition: String,
}

/// The portable type, or what is there in its place.
async fn kind(
    conn: &mut AnyConnection,
    judge: &mut Judge,
    place: &Place,
    column: &Raw,
    checks: &[TypeCheck],
) -> Result<String, sqlx::Error> {
    let collation = column.collation.as_deref();
    let own: Vec<&str> = checks
        .iter()
        .filter(|check| check.column == column.name)
        .map(|check| check.condition.as_str())
        .collect();
    let check = own.first().copied();
    let found = reading_back::on_postgres(&column.name, &column.declared, collation, check);
    let expected = found.as_ref().and_then(|found| found.condition.as_deref());
    let is_held = match (expected, check) {
        (None, check) => check.is_none(),
        (Some(_), None) => false,
        _ if own.len() > 1 => false,
        (Some(expected), Some(check)) => {
            let expected = judge.spelling(conn, place, expected).await?;
            expected.is_some() && expected == judge.spelling(conn, place, check).await?
        }
    };
    if let (Some(found), true) = (&found, is_held) {
        return Ok(found.name.clone());
    }
    let mut written = column.declared.clone();
    if let Some(collation) = collation {
        let _ = write!(written, " COLLATE \"{collation}\"");
    }
    if check.is_some() {
        written.push_str(" with another CHECK");
    } else if expected.is_some() {
        written.push_str(" without its CHECK");
    }
    Ok(written)
}

/// The names in a JSON array.
fn names(json: Option<String>) -> Result<Vec<String>, sqlx::Error> {
    json.map_or_else(|| Ok(Vec::new()), |json| parse(&json))
}

fn parse<'j, T: Deserialize<'j>>(json: &'j str) -> Result<T, sqlx::Error> {
    serde_json::from_str(json).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// Puts a constraint into its table, or gives it back where it holds a column to its type.
fn constraint(row: &AnyRow, table: &mut Table) -> Result<Option<TypeCheck>, sqlx::Error> {
    let name: String = row.try_get(1)?;
    let mut columns = names(row.try_get(3)?)?;
    let (kind, definition): (String, String) = (row.try_get(2)?, row.try_get(10)?);
    match kind.as_str() {
        "c" if name.starts_with(TYPE_CHECK_PREFIX) && columns.len() == 1 => {
            return Ok(Some(TypeCheck {
                column: columns.remove(0),
                condition: definition,
            }));
        }
        "f" => table.foreign_keys.push(ForeignKey {
            name,
            columns,
            target: row.try_get(4)?,
            target_columns: names(row.try_get(5)?)?,
            on_delete: on_delete(row)?,
            on_update: action(&row.try_get::<String, _>(7)?).to_owned(),
            is_deferred: row.try_get(8)?,
            matches_full: row.try_get(9)?,
        }),
        "p" => {
            table.primary_key = Some(Key {
                name,
                columns,
                nulls_are_distinct: true,
                on_conflict: None,
                checked: checked(row)?,
            });
        }
        "u" => table.unique.push(Key {
            name,
            columns,
            nulls_are_distinct: !row.try_get::<bool, _>(11)?,
            on_conflict: None,
            checked: checked(row)?,
        }),
        // A CHECK, or EXCLUDE, which SQLite does not have.
        _ => table.checks.push(Check {
            name,
            condition: Expression::new(definition),
        }),
    }
    Ok(None)
}

/// When a key is looked at.
fn checked(row: &AnyRow) -> Result<Checked, sqlx::Error> {
    Ok(match (row.try_get(12)?, row.try_get(8)?) {
        (true, true) => Checked::AtCommit,
        (true, false) => Checked::AfterStatement,
        (false, _) => Checked::AtOnce,
    })
}

/// What a deletion does, with the columns where it is not done to all of the key's.
fn on_delete(row: &AnyRow) -> Result<String, sqlx::Error> {
    let action = action(&row.try_get::<String, _>(6)?);
    let columns = names(row.try_get(13)?)?;
    Ok(if columns.is_empty() {
        action.to_owned()
    } else {
        format!("{action} ({})", columns.join(", "))
    })
}

fn action(letter: &str) -> &'static str {
    match letter {
        "r" => "RESTRICT",
        "c" => "CASCADE",
        "n" => "SET NULL",
        "d" => "SET DEFAULT",
        _ => "NO ACTION",
    }
}

/// What an index is sorted by, as the query writes it.
#[derive(Deserialize)]
struct RawPart {
    column: Option<String>,
    expression: Option<String>,
    descending: bool,
    collation: Option<String>,
    operators: Option<String>,
}

fn index(row: &AnyRow) -> Result<Index, sqlx::Error> {
    let parts: Vec<RawPart> = parse(&row.try_get::<String, _>(6)?)?;
    let part = |part: RawPart| {
        let collation = part.collation.map(|name| format!("COLLATE \"{name}\""));
        let order: Vec<_> = collation.into_iter().chain(part.operators).collect();
        Part {
            is_column: part.column.is_some(),
            expression: Expression::new(part.column.or(part.expression).unwrap_or_default()),
            is_descending: part.descending,
            order: (!order.is_empty()).then(|| order.join(" ")),
        }
    };
    Ok(Index {
        name: row.try_get(1)?,
        method: row.try_get(4)?,
        is_unique: row.try_get(2)?,
        nulls_are_distinct: !row.try_get::<bool, _>(3)?,
        parts: parts.into_iter().map(part).collect(),
        predicate: row.try_get::<Option<String>, _>(5)?.map(Expression::new),
    })
}
