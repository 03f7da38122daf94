//! A statement that the connection has seen: what is known of it, and its run to the end.

use super::analysis::{Analysis, Verb};
use super::arguments;
use super::columns::Columns;
use super::control::Control;
use super::engine::Sink;
use super::error::{SqliteError, SqliteErrorCause};
use super::gate::{self, Recorder};
use super::generation::Generation;
use super::opcodes::{self, Stops};
use super::shortness::{Run, Shortness};
use super::straight::{self, Course, Write};
use super::targets::Targets;
use rusqlite::{Connection, Statement, StatementStatus};
use sqlx_core::Error;
use sqlx_core::any::{AnyQueryResult, AnyValueKind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// What the connection knows of a statement.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) analysis: Analysis,
    /// What its parameters meet, as of `generation`.
    pub(super) targets: Targets,
    /// The schema's, when the statement was last looked at; zero where that has to be done anew.
    pub(super) generation: u64,
    /// How often SQLite had prepared the statement again when it was bound.
    bound_again: i32,
    /// Whether it was run, so that the rest is known.
    was_run: bool,
    columns: Option<Arc<Columns>>,
    /// How often SQLite had prepared the statement again when the columns were read.
    prepared_again: i32,
    /// Whether SQLite says that it only reads.
    reads_only: bool,
    /// How it writes, as of when it last proved short.
    course: Course,
    /// Whether an insert's rowid can be told.
    gives_rowid: bool,
    /// Whether it may run on the caller's thread.
    pub(super) shortness: Shortness,
    /// The instructions of SQLite's machine that the last run took.
    pub(super) steps: i32,
    /// When the last run came to its end.
    pub(super) ended: Option<Instant>,
}

impl Plan {
    pub(super) const fn new(analysis: Analysis) -> Self {
        Self {
            analysis,
            targets: Targets::NONE,
            generation: 0,
            bound_again: 0,
            was_run: false,
            columns: None,
            prepared_again: 0,
            reads_only: false,
            course: Course::Winding,
            gives_rowid: false,
            shortness: Shortness::new(),
            steps: 0,
            ended: None,
        }
    }

    /// Notes a run to the end. What may run on the caller's thread either only reads, so that it can
    /// be stopped and run again elsewhere, or writes without a loop in a transaction, whose COMMIT
    /// has to wait for the disk and not the write.
    fn note_run(&mut self, connection: &Connection, start: Instant, rows: usize) {
        let end = Instant::now();
        self.ended = Some(end);
        let run = Run {
            time: end.duration_since(start),
            rows,
            steps: self.steps,
        };
        let sql = &self.analysis.sql;
        if self.reads_only && self.analysis.verb == Verb::Select {
            self.shortness.note(run, || opcodes::stops(connection, sql));
        } else if self.writes() && !connection.is_autocommit() {
            let write = if self.only_inserts() {
                Write::Insert
            } else {
                Write::Change
            };
            let known = &mut self.course;
            self.shortness.note(run, || {
                let course = straight::course(connection, sql, write)?;
                *known = course;
                Some(match course {
                    Course::Straight | Course::Stepwise => Stops::AtOnce,
                    Course::Winding => Stops::Late,
                })
            });
        }
    }

    /// Whether what is known of it was learnt of the schema of this generation.
    pub(super) fn is_of(&self, generation: u64) -> bool {
        self.generation == generation
    }

    fn inserts(&self) -> bool {
        matches!(self.analysis.verb, Verb::Insert { .. })
    }

    /// Whether it is an INSERT that changes no row that is there.
    fn only_inserts(&self) -> bool {
        matches!(self.analysis.verb, Verb::Insert { upsert: false, .. })
    }

    /// Whether a limit for the length of values is met before anything is written.
    pub(super) fn meets_limits_first(&self) -> bool {
        !self.writes() || (self.only_inserts() && self.course == Course::Straight)
    }

    /// Whether it is an INSERT, UPDATE or DELETE.
    pub(super) fn writes(&self) -> bool {
        !self.reads_only && !matches!(self.analysis.verb, Verb::Select | Verb::Other)
    }

    /// Binds the arguments, as what their parameters meet by the present schema.
    ///
    /// # Errors
    /// Where they don't fit.
    pub(super) fn bind(
        &mut self,
        connection: &Connection,
        recorder: &Recorder,
        schema: &Generation,
        statement: &mut Statement<'_>,
        arguments: &[AnyValueKind],
    ) -> Result<(), Error> {
        let generation = schema.current(connection)?;
        let is_known = self.generation == generation;
        if !is_known {
            self.look_again(connection, recorder, generation)?;
        }
        let bound = arguments::bind(statement, arguments, &self.targets);
        if is_known && matches!(bound, Err(Error::Encode(_))) {
            // Another process may have given the column another type.
            schema.look(connection)?;
            self.look_again(connection, recorder, generation)?;
            return arguments::bind(statement, arguments, &self.targets);
        }
        bound
    }

    fn look_again(
        &mut self,
        connection: &Connection,
        recorder: &Recorder,
        generation: u64,
    ) -> Result<(), Error> {
        let Analysis { sql, verb, .. } = &self.analysis;
        self.targets = gate::targets(connection, recorder, sql, verb)?;
        self.generation = generation;
        self.shortness.forget_stops();
        Ok(())
    }

    /// Notes whether SQLite had to prepare the statement again: then the schema is another.
    fn note_prepared_again(&mut self, statement: &Statement<'_>) {
        let prepared_again = statement.get_status(StatementStatus::RePrepare);
        if prepared_again > self.bound_again {
            self.generation = 0;
            self.shortness.forget_stops();
        }
        self.bound_again = prepared_again;
    }

    /// Runs the statement, whose arguments are bound.
    ///
    /// A write has been done when it gives its first row: from then on it goes on to its end, even
    /// if nobody wants the others.
    ///
    /// # Errors
    /// SQLite's, and the sink's.
    pub(super) fn run(
        &mut self,
        connection: &Connection,
        control: &Control,
        schema: &Generation,
        statement: &mut Statement<'_>,
        first_row_only: bool,
        sink: &mut impl Sink,
    ) -> Result<(), Error> {
        let start = Instant::now();
        if self.analysis.changes_session {
            control.link.note_session_change();
        }
        statement.reset_status(StatementStatus::VmStep);
        let given = self.give_rows(connection, control, statement, first_row_only, sink);
        self.steps = statement.get_status(StatementStatus::VmStep);
        if self.analysis.changes_schema {
            schema.note_change();
        }
        let given = given?;
        sink.figures(self.figures(connection))?;
        self.note_run(connection, start, given);
        Ok(())
    }

    /// Gives what the statement gives, and how many rows.
    fn give_rows(
        &mut self,
        connection: &Connection,
        control: &Control,
        statement: &mut Statement<'_>,
        first_row_only: bool,
        sink: &mut impl Sink,
    ) -> Result<usize, Error> {
        if !self.was_run || statement.get_status(StatementStatus::Run) == 0 {
            self.columns = None;
            self.shortness.forget_stops();
            self.reads_only = statement.readonly();
            self.gives_rowid = self.has_rowid(connection)?;
            self.was_run = true;
            self.bound_again = 0;
        }
        let mut given = 0;
        let mut number = None;
        let mut gone = Ok(());
        control.committed.store(false, Ordering::Relaxed);
        let mut rows = statement.raw_query();
        loop {
            let row = match rows.next().map_err(SqliteError::from) {
                Ok(Some(row)) => row,
                Ok(None) => break,
                // SQLite asks whether to go on once more when the write has been committed.
                Err(error)
                    if error.cause() == SqliteErrorCause::Interrupted
                        && control.committed.load(Ordering::Relaxed) =>
                {
                    break;
                }
                Err(error) => return Err(error.into()),
            };
            if given == 0 && !self.reads_only {
                number = Some(control.go_on_when_cancelled());
            }
            if gone.is_err() || (given > 0 && first_row_only) {
                continue;
            }
            let prepared: &Statement<'_> = row.as_ref();
            let prepared_again = prepared.get_status(StatementStatus::RePrepare);
            if self.columns.is_none() || self.prepared_again != prepared_again {
                self.columns = Some(Arc::new(Columns::read(prepared, &self.analysis.booleans)));
                if self.prepared_again != prepared_again {
                    self.shortness.forget_stops();
                }
                self.prepared_again = prepared_again;
            }
            if let Some(columns) = &self.columns {
                gone = sink.row(columns, row);
            }
            if gone.is_err() {
                if self.reads_only {
                    break;
                }
                control.set_deadline(Duration::ZERO);
            }
            given += 1;
            if first_row_only && self.reads_only {
                break;
            }
        }
        drop(rows);
        self.note_prepared_again(statement);
        if let Some(number) = number {
            control.stop_when_cancelled(number);
        }
        match gone {
            // Whoever has gone does not hear it; who was slow has to know.
            Err(Error::Database(_)) if number.is_some() => {
                Err(SqliteError::rows_not_taken().into())
            }
            gone => gone.map(|()| given),
        }
    }

    /// The figures of the run. SQLite's own stay those of the last statement that changed rows.
    fn figures(&self, connection: &Connection) -> AnyQueryResult {
        let inserts = self.inserts();
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
        let Verb::Insert {
            table,
            upsert: false,
        } = &self.analysis.verb
        else {
            return Ok(false);
        };
        let mut list = connection
            .prepare_cached("SELECT max(wr) FROM pragma_table_list WHERE name = ?1 COLLATE NOCASE")
            .map_err(SqliteError::from)?;
        let without_rowid: Option<bool> = list
            .query_row([table], |row| row.get(0))
            .map_err(SqliteError::from)?;
        Ok(without_rowid == Some(false))
    }
}
