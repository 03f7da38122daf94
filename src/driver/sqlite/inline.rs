//! Runs short reads on the caller's thread, without a message to the connection's and back.

use super::arguments;
use super::columns::Columns;
use super::control::NOT_CANCELLABLE;
use super::engine::{Engine, Request, Sink};
use super::gathered::Gathered;
use rusqlite::Row;
use rusqlite::limits::Limit;
use sqlx_core::Error;
use sqlx_core::any::AnyQueryResult;
use std::sync::Arc;

/// The most bytes of arguments.
const ARGUMENTS: usize = 4096;

/// The most bytes of a value or row that is read.
const VALUE: i32 = 64 * 1024;

/// The most bytes of a result, which are copied between two looks at the clock.
const RESULT: usize = 256 * 1024;

/// SQLite's own limit for the length of a value.
const LENGTH: i32 = 1_000_000_000;

impl Engine {
    /// Runs the request on the caller's thread, where it has proven short; `None` where it has not,
    /// or takes longer than it did: then it has had no effect.
    pub(super) fn run_inline(&mut self, request: &Request) -> Option<Gathered> {
        let arguments = request.arguments.as_deref()?;
        let place = self.plans.find(request.sql.as_str())?;
        let limits = self.plans.at(place).shortness.limits()?;
        let inline = request.persistent
            && self.failed.is_none()
            && request.depth <= self.depth
            && arguments::size(arguments) <= ARGUMENTS;
        if !inline {
            return None;
        }
        self.control.begin(NOT_CANCELLABLE, limits.time);
        self.limit_length(VALUE);
        let mut few = Few {
            gathered: Gathered::default(),
            rows: limits.rows,
        };
        let result = self.run_known(place, arguments, request.first_row_only, &mut few);
        self.limit_length(LENGTH);
        self.control.end();
        self.follow_transaction();
        let plan = self.plans.at(place);
        match result {
            Ok(()) => {
                plan.shortness.was_short();
                Some(few.gathered)
            }
            Err(error) => {
                tracing::trace!(%error, "a statement moves from the caller's thread to its own");
                metrics::counter!("twinbase_sqlite_statements_moved_total").increment(1);
                plan.shortness.was_long(plan.steps);
                None
            }
        }
    }

    fn limit_length(&self, bytes: i32) {
        if let Err(error) = self.connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, bytes) {
            tracing::warn!(%error, "the limit for the length of a value could not be set");
        }
    }
}

/// Takes as much as a short statement gives.
struct Few {
    gathered: Gathered,
    rows: usize,
}

impl Sink for Few {
    fn row(&mut self, columns: &Arc<Columns>, row: &Row<'_>) -> Result<(), Error> {
        if self.gathered.items >= self.rows || self.gathered.size > RESULT {
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
