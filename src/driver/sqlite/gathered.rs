//! What statements give, on its way from the thread that reads it to the caller.
//!
//! Rows travel as a few plain buffers and become `Any`'s rows where the caller takes them: those
//! are some ten allocations each, which are dear to make on one thread and free on another.

use super::columns::Columns;
use super::declared::{Declared, Decoded, Misfit};
use rusqlite::Row;
use rusqlite::types::ValueRef;
use sqlx_core::any::{AnyQueryResult, AnyRow, AnyValue, AnyValueKind};
use sqlx_core::{Either, Error};
use std::sync::Arc;
use std::time::Instant;

/// What a caller takes: rows, and at a statement's end its figures.
pub(super) type Item = Either<AnyQueryResult, AnyRow>;

/// Rows and figures, in their order.
#[derive(Default)]
pub(super) struct Gathered {
    /// What comes before the parts: the only row that was asked for.
    only: Option<AnyRow>,
    parts: Vec<Part>,
    /// What comes after them.
    figures: Option<AnyQueryResult>,
    /// When the last statement came to its end, where it ran on the caller's thread.
    pub(super) ended: Option<Instant>,
    /// How many rows and figures.
    pub(super) items: usize,
    /// How many bytes of text and of bytes the rows have.
    pub(super) size: usize,
}

enum Part {
    Rows(PlainRows),
    Figures(AnyQueryResult),
}

/// Rows of the same columns, their values one after another.
struct PlainRows {
    columns: Arc<Columns>,
    values: Vec<Plain>,
    texts: String,
    bytes: Vec<u8>,
}

/// A value; text and bytes by their length.
#[derive(Clone, Copy)]
enum Plain {
    Null,
    Bool(bool),
    Integer(i64),
    Double(f64),
    Text(usize),
    Blob(usize),
}

impl Gathered {
    /// Takes the only row that was asked for.
    ///
    /// # Errors
    /// As those of [`add_row`](Self::add_row).
    pub(super) fn take_only_row(&mut self, columns: &Columns, row: &Row<'_>) -> Result<(), Error> {
        self.only = Some(columns.any_row(row)?);
        self.items += 1;
        Ok(())
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`Error::ColumnDecode`] where a value does not fit its column; then nothing is added.
    pub(super) fn add_row(&mut self, columns: &Arc<Columns>, row: &Row<'_>) -> Result<(), Error> {
        self.put_figures();
        match self.parts.last_mut() {
            Some(Part::Rows(rows)) if Arc::ptr_eq(&rows.columns, columns) => {
                self.size += rows.add(row)?;
            }
            _ => {
                let mut rows = PlainRows {
                    columns: Arc::clone(columns),
                    values: Vec::with_capacity(columns.any.len()),
                    texts: String::new(),
                    bytes: Vec::new(),
                };
                self.size += rows.add(row)?;
                self.parts.push(Part::Rows(rows));
            }
        }
        self.items += 1;
        Ok(())
    }

    /// Adds the figures of a statement.
    pub(super) fn add_figures(&mut self, figures: AnyQueryResult) {
        self.put_figures();
        self.figures = Some(figures);
        self.items += 1;
    }

    /// Puts the last figures among the parts, where something follows them.
    fn put_figures(&mut self) {
        if let Some(figures) = self.figures.take() {
            self.parts.push(Part::Figures(figures));
        }
    }
}

impl PlainRows {
    /// Adds a row; how many bytes of text and of bytes it has.
    fn add(&mut self, row: &Row<'_>) -> Result<usize, Error> {
        let start = self.values.len();
        let size = self.texts.len() + self.bytes.len();
        for ordinal in 0..self.columns.any.len() {
            if let Err(error) = self.add_value(row, ordinal) {
                self.values.truncate(start);
                return Err(error);
            }
        }
        Ok(self.texts.len() + self.bytes.len() - size)
    }

    /// Adds a value. Each case pushes its own, since a value that goes through a variable on the
    /// stack costs more than all else here.
    #[inline]
    fn add_value(&mut self, row: &Row<'_>, ordinal: usize) -> Result<(), Error> {
        match (
            self.columns.declared[ordinal],
            Columns::value(row, ordinal)?,
        ) {
            // The usual ones, on the shortest way.
            (Declared::Integer, ValueRef::Integer(value)) => {
                self.values.push(Plain::Integer(value));
            }
            (Declared::Double, ValueRef::Real(value)) => self.values.push(Plain::Double(value)),
            (Declared::Text, ValueRef::Text(bytes)) => {
                let Ok(text) = std::str::from_utf8(bytes) else {
                    return Err(self.columns.misfit(ordinal, Misfit::NotUtf8));
                };
                self.texts.push_str(text);
                self.values.push(Plain::Text(text.len()));
            }
            (_, value) => {
                let plain = match self.columns.decode(value, ordinal)? {
                    Decoded::Null => Plain::Null,
                    Decoded::Bool(value) => Plain::Bool(value),
                    Decoded::Integer(value) => Plain::Integer(value),
                    Decoded::Double(value) => Plain::Double(value),
                    Decoded::Text(text) => {
                        self.texts.push_str(&text);
                        Plain::Text(text.len())
                    }
                    Decoded::Blob(bytes) => {
                        self.bytes.extend_from_slice(bytes);
                        Plain::Blob(bytes.len())
                    }
                };
                self.values.push(plain);
            }
        }
        Ok(())
    }
}

/// Takes what was gathered apart again.
#[derive(Default)]
pub(super) struct Items {
    only: Option<AnyRow>,
    parts: std::vec::IntoIter<Part>,
    rows: Option<Reader>,
    figures: Option<AnyQueryResult>,
}

struct Reader {
    rows: PlainRows,
    value: usize,
    text: usize,
    byte: usize,
    texts: Texts,
}

impl From<Gathered> for Items {
    fn from(gathered: Gathered) -> Self {
        Self {
            only: gathered.only,
            parts: gathered.parts.into_iter(),
            rows: None,
            figures: gathered.figures,
        }
    }
}

impl Iterator for Items {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        if let Some(only) = self.only.take() {
            return Some(Either::Right(only));
        }
        loop {
            if let Some(row) = self.rows.as_mut().and_then(Reader::next) {
                return Some(Either::Right(row));
            }
            let Some(part) = self.parts.next() else {
                return self.figures.take().map(Either::Left);
            };
            match part {
                Part::Figures(figures) => return Some(Either::Left(figures)),
                Part::Rows(rows) => {
                    self.rows = Some(Reader {
                        rows,
                        value: 0,
                        text: 0,
                        byte: 0,
                        texts: Texts::default(),
                    });
                }
            }
        }
    }
}

impl Reader {
    fn next(&mut self) -> Option<AnyRow> {
        let columns = &self.rows.columns;
        let width = columns.any.len();
        let plain = self.rows.values.get(self.value..self.value + width)?;
        if width == 0 {
            return None;
        }
        self.value += width;
        let more_follow = self.value < self.rows.values.len();
        let (mut text, mut byte) = (self.text, self.byte);
        let mut value_of = |(ordinal, plain): (usize, &Plain)| match *plain {
            Plain::Null => AnyValueKind::Null(columns.any[ordinal].type_info.kind),
            Plain::Bool(value) => AnyValueKind::Bool(value),
            Plain::Integer(value) => AnyValueKind::BigInt(value),
            Plain::Double(value) => AnyValueKind::Double(value),
            Plain::Text(length) => {
                let start = text;
                text += length;
                let text = &self.rows.texts[start..text];
                AnyValueKind::Text(self.texts.take(ordinal, text, more_follow))
            }
            Plain::Blob(length) => {
                let start = byte;
                byte += length;
                AnyValueKind::Blob(Arc::new(self.rows.bytes[start..byte].to_vec()))
            }
        };
        let values: Vec<AnyValue> = plain
            .iter()
            .enumerate()
            .map(|plain| AnyValue {
                kind: value_of(plain),
            })
            .collect();
        (self.text, self.byte) = (text, byte);
        Some(AnyRow {
            column_names: Arc::clone(&columns.names),
            columns: columns.of_row(&values),
            values,
        })
    }
}

/// The longest text whose memory is used again, in bytes.
const REUSED: usize = 256;

/// The last row's texts, by column. A caller that reads row by row has dropped that row when it takes the
/// next, which then needs no memory of its own.
#[derive(Default)]
struct Texts(Vec<Option<Arc<String>>>);

impl Texts {
    /// The text of a column; `more_follow` where there is another row after this one.
    fn take(&mut self, ordinal: usize, text: &str, more_follow: bool) -> Arc<String> {
        if let Some(Some(kept)) = self.0.get_mut(ordinal)
            && let Some(free) = Arc::get_mut(kept)
            && text.len() <= REUSED
        {
            free.clear();
            free.push_str(text);
            return Arc::clone(kept);
        }
        let text = Arc::new(text.to_owned());
        if more_follow && text.len() <= REUSED {
            if self.0.len() <= ordinal {
                self.0.resize(ordinal + 1, None);
            }
            self.0[ordinal] = Some(Arc::clone(&text));
        }
        text
    }
}
