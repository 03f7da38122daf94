//! The thread of a connection: it takes commands one after another and gives rows back in chunks.

use super::columns::Columns;
use super::control::{Control, NOT_CANCELLABLE};
use super::engine::{Engine, Request, Sink};
use super::error::SqliteError;
use super::gathered::Gathered;
use super::options::Options;
use super::snapshot;
use super::warm::Kin;
use crate::driver::link::Link;
use rusqlite::{InterruptHandle, Row};
use sqlx_core::Error;
use sqlx_core::any::{AnyQueryResult, AnyStatement};
use sqlx_core::sql_str::SqlStr;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// What the thread and the caller's side of a connection share.
pub(super) struct Shared {
    /// The connection itself. Whoever runs a statement holds the lock; `None` once it is closed.
    pub(super) engine: Mutex<Option<Engine>>,
    pub(super) control: Arc<Control>,
    pub(super) interrupt: InterruptHandle,
    pub(super) thread: Thread,
    /// Those that may read through it.
    pub(super) kin: Option<Arc<Kin>>,
}

/// What the caller's side may ask for.
pub(super) enum Command {
    /// Run statements.
    Run {
        number: u64,
        request: Request,
        reply: mpsc::Sender<Chunk>,
    },
    /// Do something that gives nothing back.
    Do {
        number: u64,
        action: Action,
        reply: oneshot::Sender<Result<(), Error>>,
    },
    /// Tell of a statement.
    Describe {
        number: u64,
        sql: SqlStr,
        reply: oneshot::Sender<Result<AnyStatement, Error>>,
    },
    /// Close the connection and end.
    Close { reply: oneshot::Sender<()> },
}

/// What gives nothing back.
pub(super) enum Action {
    /// Begin a transaction or a savepoint, where the caller is this deep.
    Begin {
        statement: Option<SqlStr>,
        depth: usize,
    },
    /// Commit, where the caller is this deep.
    Commit { depth: usize },
    /// Roll back until the connection is no deeper than this.
    RollBackTo(usize),
    /// Forget prepared statements.
    ClearStatements,
    /// Roll back a transaction that SQL text began and left open.
    EndLeftOpen,
    /// Nothing: the answer says that all before it is done.
    Nothing,
}

/// Some of what statements give.
pub(super) struct Chunk {
    /// Rows and figures.
    pub(super) gathered: Gathered,
    /// How it ended, in the last chunk.
    pub(super) end: Option<Result<(), Error>>,
}

/// The rows of the first chunk, so that what follows can begin.
const FIRST_ROWS: usize = 64;
/// The rows of later chunks.
const ROWS: usize = 512;
/// The bytes after which a chunk is full.
const BYTES: usize = 256 * 1024;
/// A chunk that is not full leaves after this time.
const TIME: Duration = Duration::from_millis(5);

/// Opens the connection and serves it until the caller's side has gone.
pub(super) fn run(
    options: Options,
    link: Arc<Link>,
    commands: &Receiver<Command>,
    ready: oneshot::Sender<Result<Arc<Shared>, SqliteError>>,
) {
    let control = Arc::new(Control::new(link));
    control.begin(NOT_CANCELLABLE, Duration::ZERO);
    let (engine, kin) = Kin::of_opened(&options, || Engine::open(&options, Arc::clone(&control)));
    // They would keep an in-memory database beyond the answer to a close.
    drop(options);
    control.end();
    let shared = match engine {
        Ok(engine) => Arc::new(Shared {
            interrupt: engine.connection.get_interrupt_handle(),
            engine: Mutex::new(Some(engine)),
            control,
            thread: std::thread::current(),
            kin,
        }),
        Err(error) => {
            // Nobody is left to tell where the connect was given up.
            let _ = ready.send(Err(error));
            return;
        }
    };
    let counted = shared.kin.as_ref().map(|kin| kin.enter());
    if ready.send(Ok(Arc::clone(&shared))).is_err() {
        return;
    }
    let closed = serve(&shared, commands);
    shared.control.ended.store(true, Ordering::Release);
    drop(counted);
    // The last connection to a database copies the log into it, which is not for a caller's thread.
    let engine = shared
        .engine
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    drop(engine);
    if let Some(closed) = closed {
        let _ = closed.send(());
    }
}

fn serve(shared: &Shared, commands: &Receiver<Command>) -> Option<oneshot::Sender<()>> {
    while let Some(command) = snapshot::next(shared, commands) {
        match command {
            Command::Run {
                number,
                request,
                reply,
            } => {
                let mut chunks = Chunks::new(&reply, &shared.control);
                let end = shared.with_engine(number, |engine| engine.run(&request, &mut chunks));
                let gathered = chunks.gathered;
                let end = Some(end);
                snapshot::send_last(shared, &reply, Chunk { gathered, end });
            }
            Command::Do {
                number,
                action,
                reply,
            } => {
                let ends_in_use = matches!(action, Action::RollBackTo(_));
                let result = shared.with_engine(number, |engine| engine.act(action));
                let broken = ends_in_use && result.is_err();
                if let (true, Err(error)) = (broken, &result) {
                    tracing::error!(%error, "a roll-back failed, the connection is given up");
                }
                let _ = reply.send(result);
                if broken {
                    return None;
                }
            }
            Command::Describe { number, sql, reply } => {
                let _ = reply.send(shared.with_engine(number, |engine| engine.describe(sql)));
            }
            Command::Close { reply } => return Some(reply),
        }
    }
    None
}

impl Shared {
    /// Runs a command with the connection, unless its caller has gone.
    ///
    /// The command is over before its answer leaves, so that the next one may run on the caller's
    /// thread.
    fn with_engine<T>(
        &self,
        number: u64,
        command: impl FnOnce(&mut Engine) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let result = {
            let mut engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
            match engine.as_mut() {
                Some(engine) if self.control.begin(number, limit(number, engine)) => {
                    let result = command(engine);
                    self.control.end();
                    result
                }
                Some(_) => Err(SqliteError::interrupted().into()),
                None => Err(Error::WorkerCrashed),
            }
        };
        self.control.pending.fetch_sub(1, Ordering::AcqRel);
        result
    }
}

/// The statement timeout, or what is left of the snapshot's time; a roll-back has neither.
fn limit(number: u64, engine: &Engine) -> Duration {
    if number == NOT_CANCELLABLE {
        Duration::ZERO
    } else {
        let set = engine.control.link.statement_timeout();
        let limit = set.unwrap_or(engine.statement_timeout);
        engine.snapshot.bound(limit)
    }
}

impl Engine {
    fn act(&mut self, action: Action) -> Result<(), Error> {
        match action {
            Action::Begin { statement, depth } => {
                self.begin(statement.as_ref().map(SqlStr::as_str), depth)
            }
            Action::Commit { depth } => self.commit(depth),
            Action::RollBackTo(depth) => self.roll_back_to(depth),
            Action::ClearStatements => {
                self.clear_statements();
                Ok(())
            }
            Action::EndLeftOpen => self.end_left_open(),
            Action::Nothing => Ok(()),
        }
    }
}

/// Gathers what statements give and sends it in chunks; waits where the caller is slow.
struct Chunks<'a> {
    reply: &'a mpsc::Sender<Chunk>,
    control: &'a Control,
    gathered: Gathered,
    rows: usize,
    since: Instant,
}

impl<'a> Chunks<'a> {
    fn new(reply: &'a mpsc::Sender<Chunk>, control: &'a Control) -> Self {
        Self {
            reply,
            control,
            gathered: Gathered::default(),
            rows: FIRST_ROWS,
            since: Instant::now(),
        }
    }

    fn send_if_due(&mut self) -> Result<(), Error> {
        let full = self.gathered.items >= self.rows || self.gathered.size >= BYTES;
        if !full && self.since.elapsed() < TIME {
            return Ok(());
        }
        self.rows = ROWS;
        let chunk = Chunk {
            gathered: std::mem::take(&mut self.gathered),
            end: None,
        };
        snapshot::send(self.reply, chunk, self.control)?;
        self.since = Instant::now();
        Ok(())
    }
}

impl Sink for Chunks<'_> {
    fn row(&mut self, columns: &Arc<Columns>, row: &Row<'_>) -> Result<(), Error> {
        self.gathered.add_row(columns, row)?;
        self.send_if_due()
    }

    fn figures(&mut self, figures: AnyQueryResult) -> Result<(), Error> {
        self.gathered.add_figures(figures);
        self.send_if_due()
    }
}
