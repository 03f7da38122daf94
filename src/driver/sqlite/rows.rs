//! The stream of what statements give.

use super::connection::{Cancellation, SqliteConnection};
use super::engine::Request;
use super::gathered::{Item, Items};
use super::worker::{Chunk, Command};
use futures_core::stream::Stream;
use sqlx_core::connection::LogSettings;
use sqlx_core::logger::QueryLogger;
use sqlx_core::{Either, Error};
use std::cell::Cell;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// The chunks that may wait for the caller.
const WAITING: usize = 2;

/// So many rows are given between two looks at the clock.
const LOOK: usize = 64;

/// How long a thread of the runtime may be kept before its other tasks get their turn.
const TIME: Duration = Duration::from_micros(400);

/// The rows and figures of a request, which runs once the stream is polled. Dropped, it stops.
pub(super) struct Rows<'c> {
    connection: &'c mut SqliteConnection,
    request: Option<Request>,
    /// Before `receiver`, and so dropped before it: a thread that finds nobody to send to has to know
    /// that it was cancelled, or it takes that for an error of the transaction's.
    cancellation: Option<Cancellation>,
    receiver: Option<mpsc::Receiver<Chunk>>,
    items: Items,
    end: Option<Result<(), Error>>,
    /// How many rows and figures it has given.
    given: usize,
    /// Whether it has given way at this place.
    has_looked: bool,
    logger: QueryLogger,
}

impl<'c> Rows<'c> {
    pub(super) fn new(
        connection: &'c mut SqliteConnection,
        request: Request,
        log: LogSettings,
    ) -> Self {
        Self {
            connection,
            logger: QueryLogger::new(request.sql.clone(), log),
            request: Some(request),
            receiver: None,
            cancellation: None,
            items: Items::default(),
            end: None,
            given: 0,
            has_looked: false,
        }
    }

    /// Runs the request here, or sends it to the connection's thread.
    fn start(&mut self, request: Request) -> Result<(), Error> {
        if let Some(gathered) = self.connection.run_inline(&request) {
            self.items = gathered?.into();
            self.end = Some(Ok(()));
            Turn::go_on();
            return Ok(());
        }
        let (reply, receiver) = mpsc::channel(WAITING);
        self.cancellation = Some(self.connection.send(|number| Command::Run {
            number,
            request,
            reply,
        })?);
        self.receiver = Some(receiver);
        Ok(())
    }
}

impl Stream for Rows<'_> {
    type Item = Result<Item, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // At the beginning, and now and then.
        if self.given.is_multiple_of(LOOK) {
            if self.has_looked {
                Turn::begin();
            } else if Turn::is_over() {
                self.has_looked = true;
                return give_way(context);
            }
        }
        self.has_looked = false;
        if let Some(request) = self.request.take()
            && let Err(error) = self.start(request)
        {
            return Poll::Ready(Some(Err(error)));
        }
        loop {
            if let Some(item) = self.items.next() {
                self.given += 1;
                match &item {
                    Either::Left(result) => {
                        self.logger.increase_rows_affected(result.rows_affected);
                    }
                    Either::Right(_) => self.logger.increment_rows_returned(),
                }
                return Poll::Ready(Some(Ok(item)));
            }
            if let Some(end) = self.end.take() {
                self.receiver = None;
                return Poll::Ready(end.err().map(Err));
            }
            let Some(receiver) = &mut self.receiver else {
                return Poll::Ready(None);
            };
            let Poll::Ready(chunk) = receiver.poll_recv(context) else {
                Turn::end();
                return Poll::Pending;
            };
            match chunk {
                Some(chunk) => {
                    self.items = chunk.gathered.into();
                    self.end = chunk.end;
                    if self.end.is_some()
                        && let Some(cancellation) = self.cancellation.take()
                    {
                        cancellation.disarm();
                    }
                }
                None => self.end = Some(Err(Error::WorkerCrashed)),
            }
        }
    }
}

/// Lets the other tasks of this thread run first, and the runtime look at its timers and sockets: a
/// task that just wakes itself keeps it from that for 60 turns.
fn give_way<T>(context: &mut Context<'_>) -> Poll<T> {
    let yielded = std::pin::pin!(tokio::task::yield_now()).poll(context);
    if yielded.is_ready() {
        context.waker().wake_by_ref();
    }
    Poll::Pending
}

/// What keeps a thread of the runtime without a wait: reads that run on it, and rows that are there
/// already.
#[derive(Clone, Copy)]
struct Turn {
    began: Instant,
    last: Instant,
}

thread_local! {
    /// This thread's turn, where it has one.
    static TURN: Cell<Option<Turn>> = const { Cell::new(None) };
}

impl Turn {
    /// Whether the other tasks of this thread are due; if so, it ends the turn. What comes long after
    /// the last begins another one.
    fn is_over() -> bool {
        let now = Instant::now();
        let began = match TURN.get() {
            Some(turn) if now.duration_since(turn.last) < TIME => turn.began,
            _ => now,
        };
        let over = now.duration_since(began) >= TIME;
        TURN.set((!over).then_some(Self { began, last: now }));
        over
    }

    /// The others had theirs.
    fn begin() {
        let began = Instant::now();
        TURN.set(Some(Self { began, last: began }));
    }

    /// A read ran on this thread until now.
    fn go_on() {
        if let Some(Self { began, .. }) = TURN.get() {
            let last = Instant::now();
            TURN.set(Some(Self { began, last }));
        }
    }

    /// The thread has waited, or is about to.
    fn end() {
        TURN.set(None);
    }
}
