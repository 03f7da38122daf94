//! Runs statements on a connection, on whatever thread has it.

use super::analysis::{self, Analysis};
use super::arguments;
use super::columns::Columns;
use super::control::Control;
use super::error::SqliteError;
use super::gate::{self, Recorder};
use super::generation::Generation;
use super::memory::MemoryDatabase;
use super::options::{Location, Options};
use super::plan::Plan;
use super::plans::Plans;
use super::read_mark::Pace;
use super::setup;
use super::snapshot::Snapshot;
use super::targets::Targets;
use super::violation::{self, Culprit};
use crate::driver::session_state::EndsTransaction;
use rusqlite::{Connection, Row};
use sqlx_core::any::{AnyArguments, AnyQueryResult, AnyStatement, AnyValueKind};
use sqlx_core::sql_str::SqlStr;
use sqlx_core::{Either, Error};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A statement to run, as sqlx hands it over.
#[derive(Debug)]
pub(super) struct Request {
    /// Its text.
    pub(super) sql: SqlStr,
    /// Its arguments; `None` for text that runs as it stands, of any number of statements.
    pub(super) arguments: Option<Vec<AnyValueKind>>,
    /// Whether to keep it prepared.
    pub(super) persistent: bool,
    /// Whether the caller wants one row and no more.
    pub(super) first_row_only: bool,
    /// The transaction depth in which the caller believes to be.
    pub(super) depth: usize,
}

impl Request {
    pub(super) fn new(
        sql: SqlStr,
        persistent: bool,
        arguments: Option<AnyArguments>,
        depth: usize,
    ) -> Self {
        let arguments = arguments.map(|arguments| arguments.values.0);
        Self {
            sql,
            arguments,
            persistent,
            first_row_only: false,
            depth,
        }
    }
}

/// Takes what statements give.
pub(super) trait Sink {
    /// Takes a row.
    ///
    /// # Errors
    /// Where a value does not fit its column, or nobody wants more.
    fn row(&mut self, columns: &Arc<Columns>, row: &Row<'_>) -> Result<(), Error>;

    /// Takes the figures of a statement.
    ///
    /// # Errors
    /// Where nobody wants more.
    fn figures(&mut self, figures: AnyQueryResult) -> Result<(), Error>;
}

/// A connection with what belongs to it.
pub(super) struct Engine {
    pub(super) connection: Connection,
    pub(super) control: Arc<Control>,
    pub(super) plans: Plans,
    /// Tells the gate which tables a statement touches.
    pub(super) recorder: Recorder,
    /// Tells when the tables may be others.
    pub(super) generation: Generation,
    /// How many transactions and savepoints of the driver are open.
    pub(super) depth: usize,
    /// How deep the transaction was when a statement of it failed, until that is rolled back.
    pub(super) failed: Option<usize>,
    /// Whether a plain `begin()` takes the write lock.
    pub(super) begin_immediate: bool,
    /// Zero for none.
    pub(super) statement_timeout: Duration,
    pub(super) snapshot: Snapshot,
    /// How fast short reads come that take a mark of the log, where one can be held for them.
    pub(super) pace: Option<Pace>,
    /// Keeps the file of an in-memory database.
    _memory: Option<MemoryDatabase>,
}

impl Engine {
    /// Opens the database on this thread.
    pub(super) fn open(options: &Options, control: Arc<Control>) -> Result<Self, SqliteError> {
        let connection = setup::open(options, &control)?;
        let pace = Pace::of(&connection).map_err(SqliteError::from)?;
        let recorder = Recorder::default();
        recorder
            .register(&connection, Arc::clone(&control.link))
            .map_err(SqliteError::from)?;
        Ok(Self {
            connection,
            recorder,
            generation: Generation::default(),
            control,
            plans: Plans::default(),
            depth: 0,
            failed: None,
            begin_immediate: options.begin_immediate,
            statement_timeout: options.statement_timeout,
            snapshot: Snapshot::new(options.snapshot_limit),
            pace,
            _memory: match &options.location {
                Location::Memory(memory) => Some(memory.clone()),
                Location::File(_) => None,
            },
        })
    }

    /// Runs the request.
    pub(super) fn run(&mut self, request: &Request, sink: &mut impl Sink) -> Result<(), Error> {
        if request.depth > self.depth {
            return Err(self.is_over().into());
        }
        if self.depth > 0 && analysis::ends_transaction(request.sql.as_str()) {
            return Err(EndsTransaction.into());
        }
        if self.failed.is_some() && !analysis::rolls_back(request.sql.as_str()) {
            return Err(SqliteError::transaction_failed().into());
        }
        let result = match &request.arguments {
            Some(arguments) => self.run_prepared(request, arguments, sink),
            None => self.run_batch(request, sink),
        };
        let result = result.map_err(|error| self.reason(error));
        let result = match (&request.arguments, result) {
            (Some(arguments), Err(error)) => Err(self.with_names_of(error, request, arguments)),
            (_, result) => result,
        };
        self.note_failure(&result);
        self.follow_transaction();
        result
    }

    /// An error fails the transaction around the statement, as on PostgreSQL; not what was refused
    /// before SQLite had it, or went wrong after, and not a statement that was stopped because nobody
    /// waits for it.
    fn note_failure(&mut self, result: &Result<(), Error>) {
        match result {
            Err(Error::Database(_)) if !self.control.is_cancelled() => {
                self.failed = Some(self.depth.max(1));
            }
            Err(_) => {}
            // Only a roll-back runs in a transaction that has failed.
            Ok(()) => self.failed = None,
        }
    }

    pub(super) fn with_names_of(
        &self,
        error: Error,
        request: &Request,
        arguments: &[AnyValueKind],
    ) -> Error {
        match self.generation.analyse(request.sql.as_str()) {
            Ok(Analysis { sql, verb, .. }) => {
                let targets = if violation::is_of_foreign_key(&error) {
                    gate::targets(&self.connection, &self.recorder, &sql, &verb).ok()
                } else {
                    None
                };
                let targets = targets.unwrap_or(Targets::NONE);
                let culprit = Culprit {
                    sql: &sql,
                    arguments,
                    targets: &targets,
                };
                self.with_names(error, culprit)
            }
            Err(_) => error,
        }
    }

    /// What really stopped a statement that SQLite calls interrupted or busy.
    pub(super) fn reason(&self, error: Error) -> Error {
        if self.control.has_expired() && self.snapshot.limits_statement.get() {
            SqliteError::snapshot_limit().into()
        } else if self.control.has_expired() {
            SqliteError::statement_timeout().into()
        } else if self.control.is_cancelled() {
            SqliteError::interrupted().into()
        } else {
            error
        }
    }

    /// Notes whether SQLite still has the transaction that ought to be open: it ends one by itself
    /// after some errors (<https://sqlite.org/lang_transaction.html>, section 3.3).
    pub(super) fn follow_transaction(&mut self) {
        let autocommit = self.connection.is_autocommit();
        self.snapshot.follow(!autocommit);
        if autocommit {
            self.failed = None;
        }
        if autocommit && self.depth > 0 {
            tracing::debug!(
                depth = self.depth,
                "SQLite has ended the transaction by itself"
            );
            self.depth = 0;
        }
        let depth = if autocommit { 0 } else { self.depth.max(1) };
        self.control.depth.store(depth, Ordering::Release);
        if autocommit {
            self.generation.note_autocommit();
        }
    }

    /// Forgets all prepared statements.
    pub(super) fn clear_statements(&mut self) {
        self.plans.clear();
        self.connection.flush_prepared_statement_cache();
    }

    /// How many statements are known.
    pub(super) fn statements(&self) -> usize {
        self.plans.len()
    }

    /// Prepares a statement to tell of its parameters and columns.
    pub(super) fn describe(&self, sql: SqlStr) -> Result<AnyStatement, Error> {
        self.generation.current(&self.connection)?;
        let analysis = self.generation.analyse(sql.as_str())?;
        let (statement, tables) = self
            .recorder
            .during(|| self.connection.prepare(&analysis.sql));
        let statement = statement.map_err(|error| analysis.explain(error))?;
        gate::check(&self.connection, &tables, sql.as_str(), &analysis.verb)?;
        let columns = Columns::read(&statement, &analysis.booleans);
        Ok(AnyStatement {
            sql,
            parameters: Some(Either::Right(statement.parameter_count())),
            column_names: columns.names,
            columns: columns.any,
        })
    }

    fn run_prepared(
        &mut self,
        request: &Request,
        arguments: &[AnyValueKind],
        sink: &mut impl Sink,
    ) -> Result<(), Error> {
        let sql = request.sql.as_str();
        let first = request.first_row_only;
        let generation = self.generation.current(&self.connection)?;
        if self.generation.take_other_casts() {
            self.plans.clear();
        }
        if let Some(place) = self.plans.find(sql) {
            return self.run_known(place, arguments, first, sink);
        }
        let analysis = self.generation.analyse(sql)?;
        if analysis.is_empty {
            return sink.figures(AnyQueryResult::default());
        }
        let mut plan = Plan::new(analysis);
        plan.generation = generation;
        if !request.persistent {
            let (statement, tables) = self
                .recorder
                .during(|| self.connection.prepare(&plan.analysis.sql));
            let mut statement = statement.map_err(|error| plan.analysis.explain(error))?;
            plan.targets = gate::check(&self.connection, &tables, sql, &plan.analysis.verb)?;
            gate::check_view(&self.connection, &self.recorder, sql)?;
            arguments::bind(&mut statement, arguments, &plan.targets)?;
            return plan.run(
                &self.connection,
                &self.control,
                &self.generation,
                &mut statement,
                first,
                sink,
            );
        }
        let (statement, tables) = self
            .recorder
            .during(|| self.connection.prepare_cached(&plan.analysis.sql));
        let mut statement = statement.map_err(|error| plan.analysis.explain(error))?;
        let checked =
            gate::check(&self.connection, &tables, sql, &plan.analysis.verb).and_then(|targets| {
                gate::check_view(&self.connection, &self.recorder, sql).map(|()| targets)
            });
        match checked {
            Ok(targets) => plan.targets = targets,
            Err(refused) => {
                statement.discard();
                return Err(refused.into());
            }
        }
        let place = self.plans.add(sql, plan);
        let plan = self.plans.at(place);
        plan.bind(
            &self.connection,
            &self.recorder,
            &self.generation,
            &mut statement,
            arguments,
        )?;
        plan.run(
            &self.connection,
            &self.control,
            &self.generation,
            &mut statement,
            first,
            sink,
        )
    }

    /// Runs the statement whose plan is at this place.
    pub(super) fn run_known(
        &mut self,
        place: usize,
        arguments: &[AnyValueKind],
        first_row_only: bool,
        sink: &mut impl Sink,
    ) -> Result<(), Error> {
        let plan = self.plans.at(place);
        let mut statement = self
            .connection
            .prepare_cached(&plan.analysis.sql)
            .map_err(SqliteError::from)?;
        plan.bind(
            &self.connection,
            &self.recorder,
            &self.generation,
            &mut statement,
            arguments,
        )?;
        plan.run(
            &self.connection,
            &self.control,
            &self.generation,
            &mut statement,
            first_row_only,
            sink,
        )
    }

    /// Runs a COMMIT, a ROLLBACK or the like to its end: it has no time limit, and is not cancelled.
    pub(super) fn execute_for_certain(&self, sql: &str) -> Result<(), Error> {
        let shield = self.control.shield();
        let result = self.execute(sql);
        self.control.unshield(shield);
        result
    }

    /// Runs a statement of the driver's own.
    pub(super) fn execute(&self, sql: &str) -> Result<(), Error> {
        let mut statement = self
            .connection
            .prepare_cached(sql)
            .map_err(SqliteError::from)?;
        statement.raw_execute().map_err(SqliteError::from)?;
        Ok(())
    }
}
