//! Running statements: with arguments, prepared and in binary; without, as text.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use sqlx::any::{AnyArguments, AnyQueryResult, AnyRow};
use sqlx::postgres::{PgColumn, PgQueryResult, PgRow, PgTypeInfo};
use sqlx::{AssertSqlSafe, Column, Either, Error, Executor, Row, SqlSafeStr, SqlStr};
use sqlx_core::any::AnyValueKind;
use sqlx_core::try_stream;

use crate::driver::placeholder::number_questions;

use super::connection::Connection;
use super::row::Shape;
use super::server_type::ServerType;
use super::statement::{Bound, Plan};

/// Counts the statements that were prepared again because the tables behind them had changed.
const REPREPARED: &str = "twinbase_driver_statements_reprepared_total";

/// The types of extensions and applications, by their OIDs. Their descriptions come with prepared
/// statements, and have to be asked for when a statement without arguments gives them.
pub(super) type CustomTypes = HashMap<u32, (ServerType, String)>;

type AnyItem = Either<AnyQueryResult, AnyRow>;
type PgItem = Either<PgQueryResult, PgRow>;

impl Connection {
    /// Runs a statement with arguments.
    pub(super) fn run_prepared(
        &mut self,
        sql: SqlStr,
        persistent: bool,
        values: Vec<AnyValueKind>,
    ) -> BoxStream<'_, Result<AnyItem, Error>> {
        Box::pin(try_stream! {
            self.settle().await?;
            let sql = with_numbered_parameters(sql, values.len());
            let mut stale: Option<Error> = None;
            'attempt: loop {
                let Bound { plan, arguments, was_known } = match self.bind(&sql, &values).await {
                    Ok(bound) => bound,
                    Err(error) => return Err(of_retry(error, stale)),
                };
                self.in_flight = true;
                let query = sqlx::query_with(plan.text.clone(), arguments).persistent(persistent);
                let mut rows = (&mut self.inner).fetch_many(query);
                let mut other_shape = None;
                let mut begun = false;
                loop {
                    match rows.try_next().await {
                        Ok(Some(item)) => {
                            begun = true;
                            r#yield!(prepared_item(item, &plan, &mut other_shape)?);
                        }
                        Ok(None) => break 'attempt,
                        Err(error) => {
                            drop(rows);
                            self.note_error(&error);
                            self.in_flight = false;
                            if !begun && self.may_retry(&error, was_known, stale.is_some()).await? {
                                stale = Some(error);
                                continue 'attempt;
                            }
                            return Err(of_retry(error, stale));
                        }
                    }
                }
            }
            self.in_flight = false;
            Ok(())
        })
    }

    /// Runs a statement for its first row. All of the answer is read, because a deferred constraint
    /// may fail after the row was given.
    pub(super) async fn first_row(
        &mut self,
        sql: SqlStr,
        persistent: bool,
        arguments: Option<AnyArguments>,
    ) -> Result<Option<AnyRow>, Error> {
        let mut items = match arguments {
            Some(arguments) => self.run_prepared(sql, persistent, arguments.values.0),
            None => self.run_simple(sql),
        };
        let mut first = None;
        while let Some(item) = items.try_next().await? {
            if let (Either::Right(row), None) = (item, &first) {
                first = Some(row);
            }
        }
        Ok(first)
    }

    /// Whether a statement failed because it was prepared before something changed; it is dropped
    /// then. A failed transaction can't be mended, so inside of one the error goes up, once.
    async fn may_retry(
        &mut self,
        error: &Error,
        was_known: bool,
        retried: bool,
    ) -> Result<bool, Error> {
        if !is_stale(error, was_known) {
            return Ok(false);
        }
        self.forget_statements().await?;
        if retried || self.transaction_depth() > 0 {
            return Ok(false);
        }
        tracing::debug!(%error, "preparing a statement again: what it was prepared for has changed");
        metrics::counter!(REPREPARED, "engine" => "postgres").increment(1);
        Ok(true)
    }

    /// Runs one statement or many without arguments. The values come as text.
    pub(super) fn run_simple(&mut self, sql: SqlStr) -> BoxStream<'_, Result<AnyItem, Error>> {
        Box::pin(try_stream! {
            self.settle().await?;
            self.in_flight = true;
            let mut rows = (&mut self.inner).fetch_many(sqlx::raw_sql(sql));
            let mut shape = SimpleShape::default();
            let mut failure = None;
            // Items from the first type on that has to be asked for: not before the answer's end.
            let mut kept: Vec<PgItem> = Vec::new();
            let mut unknown = Vec::new();
            loop {
                match rows.try_next().await {
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
                return Err(error);
            }
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
        let rows = self
            .inner
            .fetch_all(AssertSqlSafe(sql).into_sql_str())
            .await;
        self.in_flight = false;
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

/// The text with `$n` for each `?` of `QueryBuilder`.
fn with_numbered_parameters(sql: SqlStr, arguments: usize) -> SqlStr {
    match number_questions(sql.as_str(), arguments) {
        Some(numbered) => AssertSqlSafe(numbered).into_sql_str(),
        None => sql,
    }
}

/// The error of a second attempt, or the first one's if a transaction that the driver does not
/// know of has failed in between (25P02).
fn of_retry(error: Error, stale: Option<Error>) -> Error {
    match stale {
        Some(first) if sqlstate(&error).as_deref() == Some("25P02") => first,
        _ => error,
    }
}

fn sqlstate(error: &Error) -> Option<String> {
    let code = error.as_database_error()?.code()?;
    Some(code.into_owned())
}

/// Whether an error may come from a statement that was prepared before something changed.
///
/// 0A000 is "cached plan must not change result type" (transact-rs/sqlx#1250, mended after 0.9.0 by
/// transact-rs/sqlx#4375), which has no code of its own, and 26000 a statement that someone has
/// deallocated. A column that was given another type makes the statement itself wrong: 42804
/// `datatype_mismatch`, 42883 `undefined_function` of an operator.
fn is_stale(error: &Error, was_known: bool) -> bool {
    let Some(code) = sqlstate(error) else {
        return false;
    };
    match code.as_str() {
        "0A000" | "42804" | "42883" => was_known,
        "26000" => true,
        _ => false,
    }
}

fn prepared_item(
    item: PgItem,
    plan: &Plan,
    other_shape: &mut Option<Shape>,
) -> Result<AnyItem, Error> {
    let row = match item {
        Either::Left(result) => return Ok(Either::Left(any_result(&result))),
        Either::Right(row) => row,
    };
    if plan.describes(row.columns()) {
        return plan.shape.row(&row).map(Either::Right);
    }
    let shape = match other_shape {
        Some(shape) => shape,
        None => other_shape.insert(Shape::new(row.columns(), |info| {
            (ServerType::of(info), None)
        })?),
    };
    shape.row(&row).map(Either::Right)
}

fn any_result(result: &PgQueryResult) -> AnyQueryResult {
    AnyQueryResult {
        rows_affected: result.rows_affected(),
        last_insert_id: None,
    }
}

/// The shape of the result that is being read, of possibly many in one answer.
#[derive(Default)]
struct SimpleShape {
    /// A row keeps its columns alive, so that no later result has others at the same address.
    current: Option<(PgRow, Shape)>,
}

impl SimpleShape {
    fn item(&mut self, item: PgItem, custom: &CustomTypes) -> Result<AnyItem, Error> {
        let row = match item {
            Either::Left(result) => return Ok(Either::Left(any_result(&result))),
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
