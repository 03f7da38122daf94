//! The DEFAULT of a column: a literal that the column can hold, or the present moment.

use std::ops::Range;

use serde_json::Value;

use super::column_type::ColumnType;
use super::error::TranslateError;
use super::reader::Reader;
use super::token::Kind;
use crate::config::Engine;
use crate::types::{Date, Decimal, Json, Timestamp, Uuid, ValueError};

/// A default and where it stands in the source.
#[derive(Debug, Clone)]
pub(super) struct ColumnDefault {
    /// What is written after DEFAULT.
    value: DefaultValue,
    /// Its bytes in the source.
    pub(super) span: Range<usize>,
    /// The text for SQLite.
    sqlite: String,
}

/// What a default says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum DefaultValue {
    Null,
    Boolean(bool),
    /// With its sign, as written.
    Number(String),
    /// Without its quotes.
    String(String),
    CurrentTimestamp,
    CurrentDate,
}

/// The present moment as a TIMESTAMPTZ column of SQLite holds it.
pub(super) const SQLITE_NOW: &str = "(strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))";

/// The present day in UTC on PostgreSQL: plain `CURRENT_DATE` follows the session's time zone.
pub(super) const POSTGRES_TODAY: &str = "((now() AT TIME ZONE 'UTC')::date)";

/// Advice for a default that is no literal.
const LITERALS: &str =
    "write a literal (or CURRENT_TIMESTAMP, CURRENT_DATE), or give the value on INSERT";

impl ColumnDefault {
    /// Takes what follows DEFAULT in the definition of a column of this type.
    pub(super) fn read(
        reader: &mut Reader<'_, '_>,
        column_type: ColumnType,
    ) -> Result<Self, TranslateError> {
        let start = reader.clone();
        let value = DefaultValue::read(reader)?;
        if reader.at_mark(":") {
            return Err(reader.not_portable("a cast", "write the literal alone"));
        }
        let found = reader.source(&start);
        let sqlite =
            value
                .for_sqlite(column_type)
                .map_err(|advice| TranslateError::UnfitDefault {
                    position: start.position(),
                    found: found.into(),
                    column_type: column_type.to_string(),
                    advice,
                })?;
        let first = start.peek().map_or(0, |token| token.start);
        Ok(Self {
            value,
            span: first..first + found.len(),
            sqlite,
        })
    }

    /// The text that stands for it on `engine`, where it is not the source's own.
    pub(super) fn on(&self, engine: Engine) -> Option<&str> {
        match (engine, &self.value) {
            (Engine::Sqlite, _) => Some(&self.sqlite),
            (Engine::Postgres, DefaultValue::CurrentDate) => Some(POSTGRES_TODAY),
            (Engine::Postgres, _) => None,
        }
    }

    /// Whether it is the same as none.
    pub(super) fn is_null(&self) -> bool {
        self.value == DefaultValue::Null
    }

    /// Whether it is computed anew for each row.
    pub(super) fn is_computed(&self) -> bool {
        matches!(
            self.value,
            DefaultValue::CurrentTimestamp | DefaultValue::CurrentDate
        )
    }
}

impl DefaultValue {
    fn read(reader: &mut Reader<'_, '_>) -> Result<Self, TranslateError> {
        for (word, value) in [
            ("NULL", Self::Null),
            ("TRUE", Self::Boolean(true)),
            ("FALSE", Self::Boolean(false)),
            ("CURRENT_TIMESTAMP", Self::CurrentTimestamp),
            ("CURRENT_DATE", Self::CurrentDate),
        ] {
            if reader.take_words(&[word]) {
                return Ok(value);
            }
        }
        let start = reader.clone();
        let sign = if reader.take_mark("-") { "-" } else { "" };
        if sign.is_empty() {
            reader.take_mark("+");
        }
        match reader.next() {
            Some(token) if token.kind == Kind::Number => {
                return Ok(Self::Number(format!("{sign}{}", token.text)));
            }
            Some(token) if token.kind == Kind::String => {
                let inner = &token.text[1..token.text.len() - 1];
                return Ok(Self::String(inner.replace("''", "'")));
            }
            Some(token) if token.is_word("now") && reader.at_mark("(") => {
                reader
                    .parenthesized("the parentheses of now()")?
                    .finish("nothing between the parentheses of now()")?;
                return Ok(Self::CurrentTimestamp);
            }
            _ => {}
        }
        Err(start.not_portable("this default", LITERALS))
    }

    /// How SQLite has to write it so that a column of this type takes it; or, where it can't be
    /// taken, what to do about it.
    fn for_sqlite(&self, column_type: ColumnType) -> Result<String, String> {
        use ColumnType as Column;
        let says = |error: ValueError| error.to_string();
        match (self, column_type) {
            (Self::Null, _) => Ok("NULL".into()),
            (Self::Boolean(value), Column::Boolean) => Ok(value.to_string().to_uppercase()),
            (Self::Number(number), Column::SmallInt) => whole::<i16>(number),
            (Self::Number(number), Column::Integer) => whole::<i32>(number),
            (Self::Number(number), Column::BigInt) => whole::<i64>(number),
            (Self::Number(number), Column::DoublePrecision) => match number.parse::<f64>() {
                Ok(value) if value.is_finite() => Ok(number.clone()),
                _ => Err("write a number within the range of a double".into()),
            },
            (Self::Number(text) | Self::String(text), Column::Numeric | Column::NumericOf(..)) => {
                let value = text.parse().map_err(says)?;
                fits(value, column_type)?;
                Ok(format!("'{value}'"))
            }
            (Self::String(text), Column::Text) => Ok(quote_string(text)),
            (Self::String(text), Column::Varchar(limit)) => {
                if text.chars().count() > limit as usize {
                    return Err(format!("it has more than {limit} characters"));
                }
                Ok(quote_string(text))
            }
            (Self::String(text), Column::Bytea) => bytes(text),
            (Self::String(text), Column::Uuid) => Ok(quote_string(
                &text.parse::<Uuid>().map_err(says)?.to_string(),
            )),
            (Self::String(text), Column::Date) => Ok(quote_string(
                &text.parse::<Date>().map_err(says)?.to_string(),
            )),
            (Self::String(text), Column::Timestamptz) => {
                let moment: Timestamp = text.parse().map_err(says)?;
                Ok(quote_string(&moment.to_string()))
            }
            (Self::String(text), Column::Jsonb) => {
                let json = Json::<Value>::from_text(text).map_err(says)?;
                json.to_text().map_err(says)?;
                Ok(quote_string(text))
            }
            (Self::CurrentTimestamp, Column::Timestamptz) => Ok(SQLITE_NOW.into()),
            (Self::CurrentDate, Column::Date) => Ok("CURRENT_DATE".into()),
            (_, Column::Boolean) => Err("write TRUE or FALSE".into()),
            _ => Err("write a literal of the column's type, text in single quotes".into()),
        }
    }
}

/// A whole number that an `I` holds.
fn whole<I: std::str::FromStr + ToString>(number: &str) -> Result<String, String> {
    number
        .parse::<I>()
        .map(|value| value.to_string())
        .map_err(|_| "write a whole number within the column's range".into())
}

/// Whether a column of this type holds `value`.
fn fits(value: Decimal, column_type: ColumnType) -> Result<(), String> {
    let ColumnType::NumericOf(precision, scale) = column_type else {
        return Ok(());
    };
    let (units, places) = value.units();
    let digits = units
        .unsigned_abs()
        .checked_ilog10()
        .map_or(0, |log| log + 1);
    if places <= scale && digits.saturating_sub(places) <= precision - scale {
        Ok(())
    } else {
        Err(format!("it does not fit into {column_type}"))
    }
}

/// PostgreSQL's hex form of bytes, as SQLite's.
fn bytes(text: &str) -> Result<String, String> {
    let hex = text.strip_prefix("\\x").unwrap_or(text);
    let is_hex = hex.len().is_multiple_of(2) && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex && (text.starts_with("\\x") || text.is_empty()) {
        Ok(format!("X'{hex}'"))
    } else {
        Err("write bytes as '\\x00ff'".into())
    }
}

/// `text` as a string literal.
fn quote_string(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
