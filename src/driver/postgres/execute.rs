//! Running statements with arguments: prepared, in binary, and once more if they have gone stale.

use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, TryStreamExt};
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::postgres::PgDatabaseError;
use sqlx::{AssertSqlSafe, Either, Error, Executor, Row, SqlSafeStr, SqlStr};
use sqlx_core::any::AnyValueKind;
use sqlx_core::ext::async_stream::TryAsyncStream;
use tracing::Instrument;

use crate::driver::placeholder::number_questions;

use super::asked::Asked;
use super::bind::Bound;
use super::connection::Connection;
use super::row::{AnyItem, PgItem, Shape, any_result};
use super::server_type::ServerType;
use super::silence::Patience;
use super::statement::{Plan, REPREPARED};
use super::taker::{Chunks, First, Taker};

/// How often a statement is prepared again before its error goes up. More than once, because a
/// migration changes a table many times in a row.
const MAX_RETRIES: usize = 3;

/// The same where the server itself says that the table has changed since the statement was prepared. On a
/// busy machine the next change may well come between preparing and running.
const MAX_RETRIES_OF_CHANGED: usize = 10;

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

    /// The items of a statement with arguments, those together that have arrived together.
    fn run_in_chunks(
        &mut self,
        sql: SqlStr,
        persistent: bool,
        values: Vec<AnyValueKind>,
    ) -> TryAsyncStream<'_, Vec<AnyItem>> {
        TryAsyncStream::new(move |yielder| {
            let run = async move {
                let mut chunks = Chunks::new(&yielder);
                self.run(sql, persistent, &values, &mut chunks).await
            };
            run.in_current_span()
        })
    }

    /// Runs a statement with arguments, whose answer the taker gets.
    async fn run(
        &mut self,
        sql: SqlStr,
        persistent: bool,
        values: &[AnyValueKind],
        taker: &mut impl Taker,
    ) -> Result<(), Error> {
        self.settle().await?;
        // A text that is known and has no `?` need not be read for one.
        let known = self.statements.known(&sql);
        let mut known = known.filter(|plan| !plan.has_question);
        let sql = match known {
            Some(_) => sql,
            None => with_numbered_parameters(sql, values.len()),
        };
        let mut stale: Option<Error> = None;
        let mut retries = 0;
        loop {
            let Bound {
                plan,
                arguments,
                was_known,
            } = match self.bind(&sql, values, known.take()).await {
                Ok(bound) => bound,
                Err(error) => return Err(of_retry(error, stale)),
            };
            self.note_text(&plan.outline)?;
            let asked = Asked::now();
            self.in_flight = true;
            let query = sqlx::query_with(plan.text.clone(), arguments).persistent(persistent);
            let patience = self.patience();
            let mut rows = (&mut self.inner).fetch_many(query);
            let mut reader = Reader {
                plan: &plan,
                other_shape: None,
                begun: false,
            };
            let failure = loop {
                let end = reader.fill(taker, &mut rows, patience).await;
                taker.hand_over().await;
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
                self.note_answer(asked);
                self.note_text_done(&plan.outline);
                return Ok(());
            };
            self.note_error(&error);
            if reader.begun || !self.may_retry(&error, was_known, retries).await? {
                return Err(of_retry(error, stale));
            }
            retries += 1;
            stale = Some(error);
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
        let mut first = First::default();
        if let Some(arguments) = arguments {
            let values = arguments.values.0;
            self.run(sql, persistent, &values, &mut first).await?;
        } else {
            let mut items = self.run_simple(sql);
            while let Some(item) = items.try_next().await? {
                first.take(item);
            }
        }
        Ok(first.row)
    }

    /// Whether a statement failed because it was prepared before something changed; it is dropped
    /// then. A failed transaction can't be mended, so inside of one the error goes up, once.
    async fn may_retry(
        &mut self,
        error: &Error,
        was_known: bool,
        retries: usize,
    ) -> Result<bool, Error> {
        let Some(most) = retries_of(error, was_known) else {
            return Ok(false);
        };
        // In a box, because it is rare, and room for it would make each use larger.
        Box::pin(self.forget_statements()).await?;
        if retries >= most || self.transaction_depth() > 0 {
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

/// How often to try again after an error that may come from a statement that was prepared before something
/// changed; `None` where it can't.
///
/// 0A000 is "cached plan must not change result type" (transact-rs/sqlx#1250, mended after 0.9.0 by
/// transact-rs/sqlx#4375), which has no code of its own, and 26000 a statement that someone has
/// deallocated. A column that was given another type makes the statement itself wrong: 42804
/// `datatype_mismatch`, 42883 `undefined_function` of an operator.
///
/// A table may change again between preparing and running, too: then only the routine that complains
/// tells the first of these from a feature that the server does not have.
fn retries_of(error: &Error, was_known: bool) -> Option<usize> {
    let code = sqlstate(error)?;
    match code.as_str() {
        "0A000" if routine(error) == Some("RevalidateCachedQuery") => Some(MAX_RETRIES_OF_CHANGED),
        "0A000" | "42804" | "42883" if was_known => Some(MAX_RETRIES),
        "26000" => Some(MAX_RETRIES),
        _ => None,
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

/// Reads the answer to a statement.
struct Reader<'a> {
    plan: &'a Plan,
    other_shape: Option<Shape>,
    /// Whether an item was taken, so that the statement can't be run once more.
    begun: bool,
}

impl Reader<'_> {
    /// Waits for an item, and takes those that have arrived with it.
    async fn fill(
        &mut self,
        taker: &mut impl Taker,
        rows: &mut BoxStream<'_, Result<PgItem, Error>>,
        patience: Patience,
    ) -> ChunkEnd {
        let mut next = patience.wait(rows.try_next()).await;
        loop {
            match next {
                Ok(Some(item)) => match self.item(item) {
                    Ok(item) => taker.take(item),
                    Err(error) => return ChunkEnd::Undecodable(error),
                },
                Ok(None) => return ChunkEnd::All,
                Err(error) => return ChunkEnd::Failed(error),
            }
            self.begun = true;
            if taker.is_full() {
                return ChunkEnd::More;
            }
            // Whoever waits next registers its own waker.
            match rows.try_next().now_or_never() {
                Some(item) => next = item,
                None => return ChunkEnd::More,
            }
        }
    }

    fn item(&mut self, item: PgItem) -> Result<AnyItem, Error> {
        let row = match item {
            Either::Left(result) => {
                let changes = self.plan.outline.counts_changes(0);
                return Ok(Either::Left(any_result(&result, changes)));
            }
            Either::Right(row) => row,
        };
        if self.plan.describes(row.columns()) {
            return self.plan.shape.row(&row).map(Either::Right);
        }
        let shape = match &mut self.other_shape {
            Some(shape) => shape,
            None => self.other_shape.insert(Shape::new(row.columns(), |info| {
                (ServerType::of(info), None)
            })?),
        };
        shape.row(&row).map(Either::Right)
    }
}
