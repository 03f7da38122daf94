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

/// How much statements may hold up a thread of the runtime before other tasks get their turn.
const TURN: Duration = Duration::from_micros(500);

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
        }
    }

    /// Runs the request here, or sends it to the connection's thread.
    fn start(&mut self, request: Request) -> Result<(), Error> {
        let start = Instant::now();
        if let Some(gathered) = self.connection.run_inline(&request) {
            self.items = gathered.into();
            self.end = Some(Ok(()));
            note_turn(start);
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
        if self.request.is_some() && turn_is_over() {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(request) = self.request.take()
            && let Err(error) = self.start(request)
        {
            return Poll::Ready(Some(Err(error)));
        }
        loop {
            if let Some(item) = self.items.next() {
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
            match std::task::ready!(receiver.poll_recv(context)) {
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

thread_local! {
    /// When this thread's turn began, and how long statements have run on it since.
    static SPENT: Cell<Option<(Instant, Duration)>> = const { Cell::new(None) };
}

/// Adds a statement that began then to what this thread has spent.
fn note_turn(start: Instant) {
    let now = Instant::now();
    let run = now - start;
    let spent = match SPENT.get() {
        Some((began, spent)) if start - began < 2 * TURN => (began, spent + run),
        _ => (start, run),
    };
    SPENT.set(Some(spent));
}

/// Whether the other tasks of this thread are due, to which statements that never wait would not
/// give way; asked once, it begins a new turn.
fn turn_is_over() -> bool {
    let over = SPENT.get().is_some_and(|(_, spent)| spent >= TURN);
    if over {
        SPENT.set(None);
    }
    over
}
