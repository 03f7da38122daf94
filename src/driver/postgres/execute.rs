//! Running statements with arguments: prepared, in binary, and once more if they have gone stale.

use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, TryStreamExt};
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::postgres::PgDatabaseError;
use sqlx::{AssertSqlSafe, Either, Error, Executor, Row, SqlSafeStr, SqlStr};
use sqlx_core::any::AnyValueKind;
use sqlx_core::ext::async_stream::TryAsyncStream;
use sqlx_core::try_stream;

use crate::driver::placeholder::number_questions;

use super::connection::Connection;
use super::row::{AnyItem, PgItem, Shape, any_result};
use super::server_type::ServerType;
use super::silence::Patience;
use super::statement::{Bound, Plan, REPREPARED};

/// How often a statement is prepared again before its error goes up. More than once, because a
/// migration changes a table many times in a row.
const MAX_RETRIES: usize = 3;

/// The most rows that are decoded before the first of them is handed over. Their list is under
/// 1 KiB, which allocators give again and again from what a thread has just freed.
const CHUNK: usize = 16;

impl Connection {
    /// Runs a statement with arguments.
    pub(super) fn run_prepared(
        &mut self,
        sql: SqlStr,
        persistent: bool,
        values: Vec<AnyValueKind>,
    ) -> BoxStream<'_, Result<AnyItem, Error>> {
        let chunks = self.run_in_chunks(sql, persistent, values);
        let items = chunks.map_ok(|chunk| stream::iter(chunk.into_iter().map(Ok)));
        Box::pin(items.try_flatten())
    }

    /// Runs a statement with arguments, and gives together what has arrived together: handing over
    /// one row at a time costs about as much as decoding it.
    fn run_in_chunks(
        &mut self,
        sql: SqlStr,
        persistent: bool,
        values: Vec<AnyValueKind>,
    ) -> TryAsyncStream<'_, Vec<AnyItem>> {
        try_stream! {
            self.settle().await?;
            let sql = with_numbered_parameters(sql, values.len());
            let mut stale: Option<Error> = None;
            let mut retries = 0;
            'attempt: loop {
                let Bound { plan, arguments, was_known } = match self.bind(&sql, &values).await {
                    Ok(bound) => bound,
                    Err(error) => return Err(of_retry(error, stale)),
                };
                self.note_text(&plan.outline)?;
                self.in_flight = true;
                let query = sqlx::query_with(plan.text.clone(), arguments).persistent(persistent);
                let patience = self.patience();
                let mut rows = (&mut self.inner).fetch_many(query);
                let mut other_shape = None;
                let mut begun = false;
                let failure = loop {
                    let mut chunk = Vec::with_capacity(CHUNK);
                    let end = fill(&mut chunk, &mut rows, &plan, &mut other_shape, patience).await;
                    if !chunk.is_empty() {
                        begun = true;
                        r#yield!(chunk);
                    }
                    match end {
                        ChunkEnd::More => {}
                        ChunkEnd::All => break None,
                        // The rows that are still to come are read before the next use.
                        ChunkEnd::Undecodable(error) => return Err(error),
                        ChunkEnd::Failed(error) => break Some(error),
                    }
                };
                drop(rows);
                self.in_flight = false;
                let Some(error) = failure else {
                    self.note_text_done(&plan.outline);
                    return Ok(());
                };
                self.note_error(&error);
                if !begun && self.may_retry(&error, was_known, retries).await? {
                    retries += 1;
                    stale = Some(error);
                    continue 'attempt;
                }
                return Err(of_retry(error, stale));
            }
        }
    }

    /// Runs a statement for its first row. All of the answer is read, because a deferred constraint
    /// may fail after the row was given.
    pub(super) async fn first_row(
        &mut self,
        sql: SqlStr,
        persistent: bool,
        arguments: Option<AnyArguments>,
    ) -> Result<Option<AnyRow>, Error> {
        let mut first = None;
        let mut keep = |item| {
            if let (Either::Right(row), None) = (item, &first) {
                first = Some(row);
            }
        };
        if let Some(arguments) = arguments {
            let mut chunks = self.run_in_chunks(sql, persistent, arguments.values.0);
            while let Some(chunk) = chunks.try_next().await? {
                chunk.into_iter().for_each(&mut keep);
            }
        } else {
            let mut items = self.run_simple(sql);
            while let Some(item) = items.try_next().await? {
                keep(item);
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
        retries: usize,
    ) -> Result<bool, Error> {
        if !is_stale(error, was_known) {
            return Ok(false);
        }
        self.forget_statements().await?;
        if retries >= MAX_RETRIES || self.transaction_depth() > 0 {
            return Ok(false);
        }
        tracing::debug!(%error, "preparing a statement again: what it was prepared for has changed");
        metrics::counter!(REPREPARED, "engine" => "postgres").increment(1);
        Ok(true)
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

/// The server's own function that raised an error, which no language setting translates.
fn routine(error: &Error) -> Option<&str> {
    let error = error.as_database_error()?;
    error.try_downcast_ref::<PgDatabaseError>()?.routine()
}

/// Whether an error may come from a statement that was prepared before something changed.
///
/// 0A000 is "cached plan must not change result type" (transact-rs/sqlx#1250, mended after 0.9.0 by
/// transact-rs/sqlx#4375), which has no code of its own, and 26000 a statement that someone has
/// deallocated. A column that was given another type makes the statement itself wrong: 42804
/// `datatype_mismatch`, 42883 `undefined_function` of an operator.
///
/// A table may change again between preparing and running, too: then only the routine that complains
/// tells the first of these from a feature that the server does not have.
fn is_stale(error: &Error, was_known: bool) -> bool {
    let Some(code) = sqlstate(error) else {
        return false;
    };
    match code.as_str() {
        "0A000" => was_known || routine(error) == Some("RevalidateCachedQuery"),
        "42804" | "42883" => was_known,
        "26000" => true,
        _ => false,
    }
}

/// How reading a chunk came to its end.
enum ChunkEnd {
    /// Nothing more has arrived yet, or the chunk is full.
    More,
    /// The answer is complete.
    All,
    /// A value has no form in `Any`.
    Undecodable(Error),
    /// The server or the connection failed.
    Failed(Error),
}

/// Waits for an item, and takes those that have arrived with it.
async fn fill(
    chunk: &mut Vec<AnyItem>,
    rows: &mut BoxStream<'_, Result<PgItem, Error>>,
    plan: &Plan,
    other_shape: &mut Option<Shape>,
    patience: Patience,
) -> ChunkEnd {
    let mut next = patience.wait(rows.try_next()).await;
    loop {
        match next {
            Ok(Some(item)) => match prepared_item(item, plan, other_shape) {
                Ok(item) => chunk.push(item),
                Err(error) => return ChunkEnd::Undecodable(error),
            },
            Ok(None) => return ChunkEnd::All,
            Err(error) => return ChunkEnd::Failed(error),
        }
        if chunk.len() >= CHUNK {
            return ChunkEnd::More;
        }
        // Whoever waits next registers its own waker.
        match rows.try_next().now_or_never() {
            Some(item) => next = item,
            None => return ChunkEnd::More,
        }
    }
}

fn prepared_item(
    item: PgItem,
    plan: &Plan,
    other_shape: &mut Option<Shape>,
) -> Result<AnyItem, Error> {
    let row = match item {
        Either::Left(result) => {
            return Ok(Either::Left(any_result(
                &result,
                plan.outline.counts_changes(0),
            )));
        }
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
