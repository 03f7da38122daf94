//! How a connection's statements are run: to a stream, to their figures, to their first row.

use super::connection::SqliteConnection;
use super::engine::Request;
use super::gathered::{Gathered, Items};
use super::rows::Rows;
use super::turn::{self, Turn};
use super::warm;
use sqlx_core::any::{AnyQueryResult, AnyRow};
use sqlx_core::logger::QueryLogger;
use sqlx_core::{Either, Error};

impl SqliteConnection {
    /// Runs a statement on this thread, where that is short and nothing else is under way.
    pub(super) fn run_inline(&self, request: &Request) -> Option<Result<Gathered, Error>> {
        if !self.inline_reads {
            return None;
        }
        warm::run(&self.shared, request)
    }

    /// The rows and figures of a request.
    pub(super) fn rows(&mut self, request: Request) -> Rows<'_> {
        self.note_use();
        let logger = self.logger(&request);
        Rows::new(self, request, logger, true)
    }

    fn logger(&self, request: &Request) -> QueryLogger {
        QueryLogger::new(request.sql.clone(), self.log.clone())
    }

    /// Notes a use that is no `begin`. It writes only where it has to, since another processor may have the
    /// connection in its caches.
    const fn note_use(&mut self) {
        if self.beginning {
            self.beginning = false;
        }
    }

    /// Runs statements to their end and gives the sum of the figures.
    pub(super) async fn finish(&mut self, request: Request) -> Result<AnyQueryResult, Error> {
        let mut rows = self.rows(request);
        let mut sum = AnyQueryResult::default();
        while let Some(item) = rows.next_item().await {
            if let Either::Left(result) = item? {
                sum.extend([result]);
            }
        }
        Ok(sum)
    }

    /// Runs statements to their end and gives the first row, if any.
    pub(super) async fn first_row(
        &mut self,
        mut request: Request,
    ) -> Result<Option<AnyRow>, Error> {
        request.first_row_only = true;
        self.note_use();
        turn::give_way_if_due().await;
        let mut logger = self.logger(&request);
        let Some(gathered) = self.run_inline(&request) else {
            let rows = Rows::new(self, request, logger, false);
            return Box::pin(rows.into_first()).await;
        };
        let gathered = gathered?;
        if let Some(ended) = gathered.ended {
            Turn::go_on(ended);
        }
        let mut first = None;
        for item in Items::from(gathered) {
            match item {
                Either::Right(row) => {
                    logger.increment_rows_returned();
                    first.get_or_insert(row);
                }
                Either::Left(result) => logger.increase_rows_affected(result.rows_affected),
            }
        }
        Ok(first)
    }
}
