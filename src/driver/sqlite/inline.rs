//! Runs what is short on the caller's thread, without a message to the connection's and back.

use super::arguments;
use super::columns::Columns;
use super::control::NOT_CANCELLABLE;
use super::engine::{Engine, Request, Sink};
use super::gathered::Gathered;
use super::shortness::Limits;
use super::turn::Turn;
use super::worker::Action;
use rusqlite::Row;
use rusqlite::limits::Limit;
use sqlx_core::Error;
use sqlx_core::any::AnyQueryResult;
use std::sync::Arc;
use std::time::Duration;

/// The most bytes of arguments.
const ARGUMENTS: usize = 64 * 1024;

/// The most bytes of a value or row that is read.
const VALUE: i32 = 64 * 1024;

/// The most bytes of a result, which are copied between two looks at the clock.
const RESULT: usize = 256 * 1024;

/// SQLite's own limit for the length of a value.
const LENGTH: i32 = 1_000_000_000;

/// What came of running a request on the caller's thread.
pub(super) enum Inline {
    /// It may not run there.
    Refused,
    /// It was stopped there, or failed. It has had no effect, and is run again elsewhere.
    Stopped,
    /// It ran to its end, or it failed and that counts.
    Done(Result<Gathered, Error>),
}

impl Engine {
    /// Runs the request on the caller's thread, where it has proven short.
    ///
    /// A write runs here inside of a transaction only, and is not stopped: that would cost the
    /// transaction. What SQLite refuses of it has had no effect. The limit for the length of a value is
    /// lowered for an INSERT of one row, which meets it before it writes, and not for others, which may
    /// meet it half way.
    pub(super) fn run_inline(&mut self, request: &Request) -> Inline {
        let Some((place, limits)) = self.find_inline(request) else {
            return Inline::Refused;
        };
        let arguments = request.arguments.as_deref().unwrap_or_default();
        let plan = self.plans.at(place);
        let (writes, limits_length) = (plan.writes(), plan.meets_limits_first());
        let time = if writes { Duration::ZERO } else { limits.time };
        self.control.begin_inline(Turn::last_look(), time);
        if limits_length {
            self.limit_length(VALUE);
        }
        let mut few = Few {
            gathered: Gathered::default(),
            rows: if writes { usize::MAX } else { limits.rows },
            only_one: request.first_row_only,
        };
        let result = self.run_known(place, arguments, request.first_row_only, &mut few);
        if limits_length {
            self.limit_length(LENGTH);
        }
        self.control.end();
        let is_lost = writes && self.connection.is_autocommit();
        self.follow_transaction();
        let plan = self.plans.at(place);
        match result {
            // SQLite had to prepare it again, for a schema that another process made, and now it may not
            // run here.
            Ok(()) if !writes && plan.shortness.is_late() => {
                note_move("it is another statement by the present schema");
                Inline::Stopped
            }
            Ok(()) => {
                plan.shortness.was_short();
                few.gathered.ended = plan.ended;
                Inline::Done(Ok(few.gathered))
            }
            // It has had an effect, or has cost the transaction.
            Err(error) if is_lost || (writes && !matches!(error, Error::Database(_))) => {
                Inline::Done(Err(self.with_names_of(error, request, arguments)))
            }
            Err(error) => {
                note_move(&error.to_string());
                plan.shortness.was_long(plan.steps);
                Inline::Stopped
            }
        }
    }

    /// The plan's place and its limits, where the request may run on the caller's thread.
    fn find_inline(&mut self, request: &Request) -> Option<(usize, Limits)> {
        let arguments = request.arguments.as_deref()?;
        let place = self.plans.find(request.sql.as_str())?;
        let schema = self.generation.number();
        let plan = self.plans.at(place);
        if !plan.is_of(schema) {
            return None;
        }
        let limits = plan.shortness.limits()?;
        let may = request.persistent
            && (!plan.writes() || self.depth > 0)
            && self.failed.is_none()
            && request.depth <= self.depth
            && arguments::size(arguments) <= ARGUMENTS;
        may.then_some((place, limits))
    }

    /// Begins or releases a savepoint on the caller's thread: that only takes note of where the
    /// transaction is. `None` where it is no savepoint, or an error is to be met elsewhere.
    pub(super) fn act_inline(&mut self, action: &Action) -> Option<()> {
        let depth = match action {
            Action::Begin {
                statement: None,
                depth,
            }
            | Action::Commit { depth } => *depth,
            _ => return None,
        };
        let releases = matches!(action, Action::Commit { .. });
        if self.failed.is_some() || depth != self.depth || depth < 1 + usize::from(releases) {
            return None;
        }
        self.control.begin(NOT_CANCELLABLE, Duration::ZERO);
        let result = if releases {
            self.release(depth)
        } else {
            self.begin(None, depth)
        };
        self.control.end();
        result.ok()
    }

    fn limit_length(&self, bytes: i32) {
        if let Err(error) = self.connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, bytes) {
            tracing::warn!(%error, "the limit for the length of a value could not be set");
        }
    }
}

/// Notes that a statement that ran on the caller's thread is run again on its own.
fn note_move(reason: &str) {
    tracing::trace!(
        reason,
        "a statement moves from the caller's thread to its own"
    );
    metrics::counter!("twinbase_sqlite_statements_moved_total").increment(1);
}

/// Takes as much as a short statement gives.
struct Few {
    gathered: Gathered,
    rows: usize,
    only_one: bool,
}

impl Sink for Few {
    fn row(&mut self, columns: &Arc<Columns>, row: &Row<'_>) -> Result<(), Error> {
        if self.only_one {
            return self.gathered.take_only_row(columns, row);
        }
        let is_large = self.gathered.size > RESULT && self.rows < usize::MAX;
        if self.gathered.items >= self.rows || is_large {
            return Err(Error::Protocol(
                "more than a short statement gives".to_owned(),
            ));
        }
        self.gathered.add_row(columns, row)
    }

    fn figures(&mut self, figures: AnyQueryResult) -> Result<(), Error> {
        self.gathered.add_figures(figures);
        Ok(())
    }
}
