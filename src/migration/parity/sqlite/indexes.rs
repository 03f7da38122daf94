//! Indexes.

use sqlx::{AnyConnection, Row as _};

use super::Texts;
use crate::driver::sqlite::{column_definitions, index_definition};
use crate::migration::parity::model::{Expression, Index, Part};

/// The indexes that were made by CREATE INDEX, and whether the primary key has one.
pub(super) async fn read(
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
