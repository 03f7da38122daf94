//! The stream of what statements give.

use super::connection::{Cancellation, SqliteConnection};
use super::engine::Request;
use super::gathered::{Item, Items};
use super::turn::{self, Turn};
use super::worker::{Chunk, Command};
use futures_core::stream::Stream;
use sqlx_core::any::AnyRow;
use sqlx_core::logger::QueryLogger;
use sqlx_core::{Either, Error};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// The chunks that may wait for the caller.
const WAITING: usize = 2;

/// So many rows are given between two looks at the clock.
const LOOK: usize = 16;

/// The rows and figures of a request, which runs once the stream is polled. Dropped, it stops.
pub(super) struct Rows<'c> {
    connection: &'c mut SqliteConnection,
    request: Option<Request>,
    /// Whether it may run on the caller's thread.
    may_run_here: bool,
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
        logger: QueryLogger,
        may_run_here: bool,
    ) -> Self {
        Self {
            connection,
            logger,
            may_run_here,
            request: Some(request),
            receiver: None,
            cancellation: None,
            items: Items::default(),
            end: None,
            given: 0,
            has_looked: false,
        }
    }

    /// The next row, or figures.
    pub(super) async fn next_item(&mut self) -> Option<Result<Item, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// The first row, if any, once the statements have run to their end.
    pub(super) async fn into_first(mut self) -> Result<Option<AnyRow>, Error> {
        let mut first = None;
        while let Some(item) = self.next_item().await {
            if let Either::Right(row) = item? {
                first.get_or_insert(row);
            }
        }
        Ok(first)
    }

    /// Runs the request here, or sends it to the connection's thread.
    fn start(&mut self, request: Request) -> Result<(), Error> {
        if self.may_run_here
            && let Some(gathered) = self.connection.run_inline(&request)
        {
            let gathered = gathered?;
            if let Some(ended) = gathered.ended {
                Turn::go_on(ended);
            }
            self.items = gathered.into();
            self.end = Some(Ok(()));
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
                return turn::give_way(context);
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
