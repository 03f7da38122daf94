//! Who takes the items of an answer: a stream of all of them, or who wants the first row only.

use std::mem;

use sqlx::Either;
use sqlx::any::AnyRow;
use sqlx_core::ext::async_stream::Yielder;

use super::row::AnyItem;

/// The most rows that are decoded before the first of them is handed over. Their list is under
/// 1 KiB, which allocators give again and again from what a thread has just freed.
const CHUNK: usize = 16;

/// Who takes the items of an answer.
pub(super) trait Taker: Send {
    /// Takes an item.
    fn take(&mut self, item: AnyItem);

    /// Whether what was taken is to be handed over before there is more.
    fn is_full(&self) -> bool;

    /// Hands over what was taken since the last time.
    fn hand_over(&mut self) -> impl Future<Output = ()> + Send;
}

/// Gives a stream together what has arrived together: handing over one row at a time costs about as
/// much as decoding it.
pub(super) struct Chunks<'a> {
    chunk: Vec<AnyItem>,
    yielder: &'a Yielder<Vec<AnyItem>>,
}

impl<'a> Chunks<'a> {
    pub(super) fn new(yielder: &'a Yielder<Vec<AnyItem>>) -> Self {
        Self {
            chunk: Vec::new(),
            yielder,
        }
    }
}

impl Taker for Chunks<'_> {
    fn take(&mut self, item: AnyItem) {
        if self.chunk.is_empty() {
            self.chunk.reserve_exact(CHUNK);
        }
        self.chunk.push(item);
    }

    fn is_full(&self) -> bool {
        self.chunk.len() >= CHUNK
    }

    async fn hand_over(&mut self) {
        if !self.chunk.is_empty() {
            self.yielder.r#yield(mem::take(&mut self.chunk)).await;
        }
    }
}

/// Keeps the first row, and lets go of all else.
#[derive(Default)]
pub(super) struct First {
    pub(super) row: Option<AnyRow>,
}

impl Taker for First {
    fn take(&mut self, item: AnyItem) {
        if let (Either::Right(row), None) = (item, &self.row) {
            self.row = Some(row);
        }
    }

    fn is_full(&self) -> bool {
        false
    }

    async fn hand_over(&mut self) {}
}
