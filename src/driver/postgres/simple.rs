//! Running statements without arguments, one or many in a text. Their values come as text.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use sqlx::postgres::{PgColumn, PgRow, PgTypeInfo};
use sqlx::{AssertSqlSafe, Column, Either, Error, Executor, Row, SqlSafeStr, SqlStr};
use sqlx_core::try_stream;

use super::asked::Asked;
use super::connection::Connection;
use super::outline::Outline;
use super::row::{AnyItem, PgItem, Shape, any_result};
use super::server_type::ServerType;

/// The types of extensions and applications, by their OIDs. Their descriptions come with prepared
/// statements, and have to be asked for when a statement without arguments gives them.
pub(super) type CustomTypes = HashMap<u32, (ServerType, String)>;

impl Connection {
    /// Runs one statement or many without arguments.
    pub(super) fn run_simple(&mut self, sql: SqlStr) -> BoxStream<'_, Result<AnyItem, Error>> {
        Box::pin(try_stream! {
            self.settle().await?;
            let outline = Outline::of(sql.as_str());
            self.note_text(&outline)?;
            let asked = Asked::now();
            self.in_flight = true;
            let patience = self.patience();
            let mut rows = (&mut self.inner).fetch_many(sqlx::raw_sql(sql));
            let mut shape = SimpleShape::of(outline.clone());
            let mut failure = None;
            // Items from the first type on that has to be asked for: not before the answer's end.
            let mut kept: Vec<PgItem> = Vec::new();
            let mut unknown = Vec::new();
            loop {
                match patience.wait(rows.try_next()).await {
                    Ok(Some(item)) => {
                        unknown.extend(unknown_types(&item, &self.custom_types));
                        if unknown.is_empty() {
                            r#yield!(shape.item(item, &self.custom_types)?);
                        } else {
                            kept.push(item);
                        }
                    }
                    Ok(None) => break,
                    Err(error) => {
                        failure = Some(error);
                        break;
                    }
                }
            }
            drop(rows);
            self.in_flight = false;
            if let Some(error) = failure {
                self.note_error(&error);
                self.undo_failed_text(&outline).await;
                return Err(error);
            }
            self.note_answer(asked);
            self.note_text_done(&outline);
            if !unknown.is_empty() {
                self.learn_types(unknown).await?;
                for item in kept {
                    r#yield!(shape.item(item, &self.custom_types)?);
                }
            }
            Ok(())
        })
    }

    /// Asks the server for types that no prepared statement has described yet.
    async fn learn_types(&mut self, mut oids: Vec<u32>) -> Result<(), Error> {
        oids.sort_unstable();
        oids.dedup();
        let list: Vec<String> = oids.iter().map(u32::to_string).collect();
        let sql = format!(
            "SELECT oid::int8, typtype::text, oid::regtype::text FROM pg_catalog.pg_type \
             WHERE oid IN ({})",
            list.join(", ")
        );
        self.in_flight = true;
        let patience = self.patience();
        let rows = self.inner.fetch_all(AssertSqlSafe(sql).into_sql_str());
        let rows = patience.wait(rows).await;
        self.in_flight = false;
        if let Err(error) = &rows {
            self.note_error(error);
        }
        for row in rows? {
            let (oid, kind, name): (i64, String, String) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let server_type = if kind == "e" {
                ServerType::Enum
            } else {
                ServerType::of_name(&name)
            };
            if let Ok(oid) = u32::try_from(oid) {
                self.custom_types.insert(oid, (server_type, name));
            }
        }
        Ok(())
    }
}

/// The shape of the result that is being read, of possibly many in one answer.
struct SimpleShape {
    outline: Outline,
    /// How many statements have given their result.
    finished: usize,
    /// A row keeps its columns alive, so that no later result has others at the same address.
    current: Option<(PgRow, Shape)>,
}

impl SimpleShape {
    fn of(outline: Outline) -> Self {
        Self {
            outline,
            finished: 0,
            current: None,
        }
    }

    fn item(&mut self, item: PgItem, custom: &CustomTypes) -> Result<AnyItem, Error> {
        let row = match item {
            Either::Left(result) => {
                let changes = self.outline.counts_changes(self.finished);
                self.finished += 1;
                return Ok(Either::Left(any_result(&result, changes)));
            }
            Either::Right(row) => row,
        };
        if let Some((witness, shape)) = &self.current
            && std::ptr::eq(witness.columns(), row.columns())
        {
            return shape.row(&row).map(Either::Right);
        }
        let shape = Shape::new(row.columns(), |info| match custom_type(info, custom) {
            Some((server_type, name)) => (*server_type, Some(name.clone())),
            None => (ServerType::of(info), None),
        })?;
        let any = shape.row(&row)?;
        self.current = Some((row, shape));
        Ok(Either::Right(any))
    }
}

fn custom_type<'a>(info: &PgTypeInfo, custom: &'a CustomTypes) -> Option<&'a (ServerType, String)> {
    custom.get(&info.oid()?.0)
}

/// The types of a row that nothing is known about.
fn unknown_types(item: &PgItem, custom: &CustomTypes) -> Vec<u32> {
    let columns = match item {
        Either::Right(row) => row.columns(),
        Either::Left(_) => &[],
    };
    let unknown = |column: &PgColumn| {
        let info = column.type_info();
        let oid = info.oid()?.0;
        // SQLx has no name for a type that it has not looked up.
        let named = sqlx::TypeInfo::name(info) != "?";
        (!named && !custom.contains_key(&oid)).then_some(oid)
    };
    columns.iter().filter_map(unknown).collect()
}
