//! Runs text of any number of statements without arguments, as it stands.

use super::analysis::{self, Wrap};
use super::arguments;
use super::engine::{Engine, Request, Sink};
use super::error::SqliteError;
use super::gate;
use super::plan::Plan;
use super::targets::Targets;
use super::violation::Culprit;
use crate::driver::session_state::EndsTransaction;
use rusqlite::Batch;
use rusqlite::fallible_iterator::FallibleIterator;
use sqlx_core::Error;

impl Engine {
    /// Runs text that may be several statements, in one transaction as PostgreSQL does, unless one
    /// of them can't be in a transaction or handles transactions itself.
    pub(super) fn run_batch(
        &mut self,
        request: &Request,
        sink: &mut impl Sink,
    ) -> Result<(), Error> {
        let sql = request.sql.as_str();
        let begin = match analysis::wrap(sql) {
            _ if !self.connection.is_autocommit() => None,
            Wrap::No => None,
            Wrap::Reading => Some("BEGIN"),
            Wrap::Writing => Some("BEGIN IMMEDIATE"),
        };
        let Some(begin) = begin else {
            let outside = self.connection.is_autocommit();
            let result = self.run_statements(sql, request.first_row_only, sink);
            if outside && result.is_err() {
                self.end_left_open()?;
            }
            return result;
        };
        self.execute(begin)?;
        let result = self
            .run_statements(sql, request.first_row_only, sink)
            .and_then(|()| {
                self.execute_for_certain("COMMIT")
                    .map_err(|error| self.with_names(error, Culprit::COMMIT))
            });
        if result.is_err() && !self.connection.is_autocommit() {
            self.execute_for_certain("ROLLBACK")?;
        }
        result
    }

    fn run_statements(
        &self,
        sql: &str,
        first_row_only: bool,
        sink: &mut impl Sink,
    ) -> Result<(), Error> {
        let mut batch = Batch::new(&self.connection, sql);
        loop {
            let (statement, tables) = self.recorder.during(|| batch.next());
            let Some(mut statement) = statement.map_err(SqliteError::from)? else {
                return Ok(());
            };
            let text = statement.expanded_sql().unwrap_or_default();
            if self.depth > 0 && analysis::ends_transaction(&text) {
                return Err(EndsTransaction.into());
            }
            let mut plan = Plan::new(analysis::describe(&text));
            gate::check(&self.connection, &tables, &text, &plan.analysis.verb)?;
            gate::check_view(&self.connection, &self.recorder, &text)?;
            let result = arguments::bind(&mut statement, &[], &Targets::NONE).and_then(|()| {
                plan.run(
                    &self.connection,
                    &self.control,
                    &self.generation,
                    &mut statement,
                    first_row_only,
                    sink,
                )
            });
            drop(statement);
            result.map_err(|error| {
                let (sql, arguments, targets) = (text.as_str(), &[][..], &Targets::NONE);
                let culprit = Culprit {
                    sql,
                    arguments,
                    targets,
                };
                self.with_names(error, culprit)
            })?;
            if self.control.is_cancelled() {
                return Err(SqliteError::interrupted().into());
            }
        }
    }
}
