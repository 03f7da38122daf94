//! A statement that the connection has seen: what is known of it, and its run to the end.

use super::analysis::{Analysis, Verb};
use super::arguments;
use super::columns::Columns;
use super::engine::Sink;
use super::error::SqliteError;
use rusqlite::{Connection, Statement, StatementStatus};
use sqlx_core::any::{AnyQueryResult, AnyValueKind};
use sqlx_core::{Either, Error};
use std::time::{Duration, Instant};

/// A run shorter than this, of up to [`INLINE_ROWS`] rows, counts as short.
const SHORT: Duration = Duration::from_micros(50);

/// A statement may run on the caller's thread after so many short runs.
const PROVEN: i32 = 3;

/// After a run on the caller's thread that was not short, so many more short runs are asked for.
const PENALTY: i32 = 100;

/// The most rows that a statement may give on the caller's thread.
pub(super) const INLINE_ROWS: usize = 64;

/// What the connection knows of a statement.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) analysis: Analysis,
    columns: Option<Columns>,
    /// How often SQLite had prepared the statement again when the columns were read.
    prepared_again: i32,
    /// Whether SQLite says that it only reads.
    reads_only: bool,
    /// Whether an insert's rowid can be told.
    gives_rowid: bool,
    /// How many times in a row it was short; below zero after it was not on the caller's thread.
    short_runs: i32,
}

impl Plan {
    pub(super) const fn new(analysis: Analysis) -> Self {
        Self {
            analysis,
            columns: None,
            prepared_again: 0,
            reads_only: false,
            gives_rowid: false,
            short_runs: 0,
        }
    }

    /// Whether it may run on the caller's thread: it only reads, so that it can be stopped and run
    /// again elsewhere, and it has been short.
    pub(super) const fn is_proven_short(&self) -> bool {
        self.short_runs >= PROVEN
    }

    /// It was not short after all.
    pub(super) const fn was_long(&mut self) {
        self.short_runs = -PENALTY;
    }

    fn note_run(&mut self, start: Instant, rows: usize) {
        let short = self.reads_only
            && self.analysis.verb == Verb::Select
            && rows <= INLINE_ROWS
            && start.elapsed() < SHORT;
        self.short_runs = match (short, self.short_runs) {
            (true, runs) => PROVEN.min(runs + 1),
            (false, runs) => runs.min(0),
        };
    }

    /// Runs the statement.
    ///
    /// # Errors
    /// SQLite's, and the sink's.
    pub(super) fn run(
        &mut self,
        connection: &Connection,
        statement: &mut Statement<'_>,
        arguments: &[AnyValueKind],
        first_row_only: bool,
        sink: &mut impl Sink,
    ) -> Result<(), Error> {
        let start = Instant::now();
        arguments::bind(statement, arguments)?;
        if statement.get_status(StatementStatus::Run) == 0 {
            self.columns = None;
            self.reads_only = statement.readonly();
            self.gives_rowid = self.has_rowid(connection)?;
        }
        let mut given = 0;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(SqliteError::from)? {
            if given > 0 && first_row_only {
                continue;
            }
            let prepared: &Statement<'_> = row.as_ref();
            let prepared_again = prepared.get_status(StatementStatus::RePrepare);
            if self.columns.is_none() || self.prepared_again != prepared_again {
                self.columns = Some(Columns::read(prepared, &self.analysis.booleans));
                self.prepared_again = prepared_again;
            }
            if let Some(columns) = &self.columns {
                let (row, bytes) = columns.row(row)?;
                sink.take(Either::Right(row), bytes)?;
            }
            given += 1;
            if first_row_only && self.reads_only {
                break;
            }
        }
        drop(rows);
        sink.take(Either::Left(self.result(connection)), 0)?;
        self.note_run(start, given);
        Ok(())
    }

    /// The figures of the run. SQLite's own stay those of the last statement that changed rows.
    fn result(&self, connection: &Connection) -> AnyQueryResult {
        let inserts = matches!(self.analysis.verb, Verb::Insert { .. });
        let mut result = AnyQueryResult::default();
        if !self.reads_only && (inserts || self.analysis.verb == Verb::Change) {
            result.rows_affected = connection.changes();
        }
        if result.rows_affected > 0 && self.gives_rowid {
            result.last_insert_id = Some(connection.last_insert_rowid());
        }
        result
    }

    /// Whether SQLite's last rowid is this statement's after it: not where it may have updated a
    /// row instead, and not of a table without rowids.
    fn has_rowid(&self, connection: &Connection) -> Result<bool, Error> {
        let Verb::Insert { table, upsert: false } = &self.analysis.verb else {
            return Ok(false);
        };
        let mut list = connection
            .prepare_cached("SELECT max(wr) FROM pragma_table_list WHERE name = ?1 COLLATE NOCASE")
            .map_err(SqliteError::from)?;
        let without_rowid: Option<bool> =
            list.query_row([table], |row| row.get(0)).map_err(SqliteError::from)?;
        Ok(without_rowid == Some(false))
    }
}
