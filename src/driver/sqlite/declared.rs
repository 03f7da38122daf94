//! The declared type of a column, and how a value in it is read.
//!
//! SQLite keeps the name that a column was declared with and gives each value a storage class of
//! its own. The driver takes the type from the name, and refuses a value that does not fit it.

use super::forms;
use rusqlite::types::ValueRef;
use sqlx_core::any::AnyTypeInfoKind;
use std::borrow::Cow;

/// What a column's declared type, or its expression, says of its values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Declared {
    /// Nothing: an expression, or a name that no rule knows. The storage class decides.
    Unknown,
    /// 0 and 1.
    Boolean,
    /// 16-bit integers.
    SmallInt,
    /// Integers that PostgreSQL has in 32 bits; SQLite keeps up to 64.
    Integer,
    /// 64-bit integers.
    BigInt,
    /// Floats of 64 bits.
    Double,
    /// Text.
    Text,
    /// Bytes.
    Blob,
    /// Text: a UUID.
    Uuid,
    /// Text: a moment in UTC.
    Timestamptz,
    /// Text: a date.
    Date,
    /// Text: a decimal.
    Decimal,
    /// `NUMERIC` under SQLite's own rules, which turn decimals into floats.
    ForeignNumeric,
    /// Text: JSON.
    Json,
    /// `TIMESTAMP`, `DATETIME` or `TIME` of a table that another program made.
    ForeignTime,
}

/// A value, read by the type of its column.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Decoded<'v> {
    /// NULL.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// A float.
    Double(f64),
    /// Text, in the normal form of the type.
    Text(Cow<'v, str>),
    /// Bytes.
    Blob(&'v [u8]),
}

impl Declared {
    /// Reads the declared type, in any case, with or without `(…)` behind it.
    pub(super) fn parse(name: &str) -> Self {
        let name = name
            .split('(')
            .next()
            .unwrap_or(name)
            .trim()
            .to_ascii_uppercase();
        match name.as_str() {
            "BOOLEAN" | "BOOL" => Self::Boolean,
            "SMALLINT" | "INT2" => Self::SmallInt,
            "BIGINT" | "INT8" => Self::BigInt,
            "UUID" | "UUID_TEXT" => Self::Uuid,
            "TIMESTAMPTZ" | "TIMESTAMPTZ_TEXT" | "TIMESTAMP WITH TIME ZONE" => Self::Timestamptz,
            "DATE" | "DATE_TEXT" => Self::Date,
            "NUMERIC_TEXT" | "DECIMAL_TEXT" => Self::Decimal,
            "NUMERIC" | "DECIMAL" => Self::ForeignNumeric,
            "JSONB_TEXT" | "JSON_TEXT" | "JSONB" | "JSON" => Self::Json,
            "TIMESTAMP" | "DATETIME" | "TIME" | "TIMESTAMP WITHOUT TIME ZONE" => Self::ForeignTime,
            "BYTEA" | "BYTEA_BLOB" => Self::Blob,
            "INTERVAL" | "" => Self::Unknown,
            // SQLite's own rules (https://sqlite.org/datatype3.html, section 3.1), in their order.
            name if name.contains("INT") => Self::Integer,
            name if ["CHAR", "CLOB", "TEXT"]
                .iter()
                .any(|part| name.contains(part)) =>
            {
                Self::Text
            }
            name if name.contains("BLOB") => Self::Blob,
            name if ["REAL", "FLOA", "DOUB"]
                .iter()
                .any(|part| name.contains(part)) =>
            {
                Self::Double
            }
            _ => Self::Unknown,
        }
    }

    /// The kind in which values of the type travel.
    pub(super) const fn kind(self) -> AnyTypeInfoKind {
        match self {
            Self::Unknown => AnyTypeInfoKind::Null,
            Self::Boolean => AnyTypeInfoKind::Bool,
            Self::SmallInt | Self::Integer | Self::BigInt => AnyTypeInfoKind::BigInt,
            Self::Double => AnyTypeInfoKind::Double,
            Self::Blob => AnyTypeInfoKind::Blob,
            Self::Text
            | Self::Uuid
            | Self::Timestamptz
            | Self::Date
            | Self::Decimal
            | Self::ForeignNumeric
            | Self::Json
            | Self::ForeignTime => AnyTypeInfoKind::Text,
        }
    }

    /// The value as it travels.
    ///
    /// # Errors
    /// Where it does not fit the type.
    pub(super) fn decode(self, value: ValueRef<'_>) -> Result<Decoded<'_>, Misfit> {
        match value {
            ValueRef::Null => Ok(Decoded::Null),
            ValueRef::Integer(integer) => self.decode_integer(integer),
            ValueRef::Real(real) => match self {
                Self::Unknown | Self::Double => Ok(Decoded::Double(real)),
                Self::ForeignNumeric => Err(Misfit::DigitsLost),
                _ => Err(Misfit::StorageClass("REAL")),
            },
            ValueRef::Text(bytes) => {
                let text = std::str::from_utf8(bytes).map_err(|_| Misfit::NotUtf8)?;
                self.check_text(text).map(Decoded::Text)
            }
            ValueRef::Blob(bytes) => match self {
                Self::Unknown | Self::Blob => Ok(Decoded::Blob(bytes)),
                _ => Err(Misfit::StorageClass("BLOB")),
            },
        }
    }

    fn decode_integer(self, integer: i64) -> Result<Decoded<'static>, Misfit> {
        match self {
            Self::Unknown | Self::Integer | Self::BigInt => Ok(Decoded::Integer(integer)),
            Self::Boolean => match integer {
                0 => Ok(Decoded::Bool(false)),
                1 => Ok(Decoded::Bool(true)),
                _ => Err(Misfit::Form("0 or 1")),
            },
            Self::SmallInt => i16::try_from(integer)
                .map(|_| Decoded::Integer(integer))
                .map_err(|_| Misfit::Form("an integer from -32768 to 32767")),
            Self::Double => exact_double(integer)
                .map(Decoded::Double)
                .ok_or(Misfit::Form("a number that a float holds exactly")),
            Self::ForeignNumeric | Self::Json => Ok(Decoded::Text(Cow::Owned(integer.to_string()))),
            _ => Err(Misfit::StorageClass("INTEGER")),
        }
    }

    fn check_text(self, text: &str) -> Result<Cow<'_, str>, Misfit> {
        let checked = |fits: bool, form| {
            if fits {
                Ok(Cow::Borrowed(text))
            } else {
                Err(Misfit::Form(form))
            }
        };
        match self {
            Self::Unknown | Self::Text | Self::ForeignTime => Ok(Cow::Borrowed(text)),
            Self::Uuid => checked(forms::is_uuid(text), "a UUID, hyphenated and in lower case"),
            Self::Date => checked(forms::is_date(text), "a date that exists, as YYYY-MM-DD"),
            Self::Timestamptz => checked(
                forms::is_timestamptz(text),
                "a moment in UTC, as YYYY-MM-DDTHH:MM:SS.ffffffZ",
            ),
            // The CHECK of the column has seen the rest; this only keeps empty text from passing.
            Self::Json => checked(!text.trim().is_empty(), "JSON"),
            Self::Decimal | Self::ForeignNumeric => {
                forms::normal_decimal(text).ok_or(Misfit::Form("a plain decimal"))
            }
            Self::Boolean
            | Self::SmallInt
            | Self::Integer
            | Self::BigInt
            | Self::Double
            | Self::Blob => Err(Misfit::StorageClass("TEXT")),
        }
    }
}

/// The float of the same value, where there is one.
fn exact_double(integer: i64) -> Option<f64> {
    const EXACT: u64 = 1 << 53;
    #[expect(clippy::cast_precision_loss, reason = "the range is checked")]
    (integer.unsigned_abs() <= EXACT).then_some(integer as f64)
}

/// Why a value does not fit its column.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Misfit {
    /// The storage class is not one that the type is kept in.
    StorageClass(&'static str),
    /// The value does not have the form of the type.
    Form(&'static str),
    /// A decimal that SQLite has made a float.
    DigitsLost,
    /// Text that is no UTF-8.
    NotUtf8,
}

/// A value that does not fit the declared type of its column.
#[derive(Debug, thiserror::Error)]
#[error("column \"{column}\", declared {declared}: {reason}")]
pub(super) struct MisfitError {
    column: String,
    declared: String,
    reason: String,
}

impl MisfitError {
    /// Says what is wrong with the value in this column.
    pub(super) fn new(column: &str, declared: Option<&str>, misfit: Misfit) -> Self {
        let reason = match misfit {
            Misfit::StorageClass(class) => format!(
                "the value is stored as {class}, which does not fit; mend the row, or read it with \
                 CAST(… AS TEXT)"
            ),
            Misfit::Form(form) => {
                format!("the value is not {form}; mend the row, or read it with CAST(… AS TEXT)")
            }
            Misfit::DigitsLost => "SQLite has stored the decimal as a float, its digits may be \
                lost; read it with CAST(… AS DOUBLE PRECISION), and let Twinbase's migrations \
                create the column"
                .to_owned(),
            Misfit::NotUtf8 => "the text is not UTF-8; read it with CAST(… AS BLOB)".to_owned(),
        };
        Self {
            column: column.to_owned(),
            declared: declared.unwrap_or("as an expression").to_owned(),
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(declared: &str, value: ValueRef<'_>) -> String {
        match Declared::parse(declared).decode(value) {
            Ok(value) => format!("{value:?}"),
            Err(misfit) => format!("{misfit:?}"),
        }
    }

    #[test]
    fn values_are_read_by_the_declared_type() {
        let text = |text: &'static str| ValueRef::Text(text.as_bytes());
        for (declared, value, expected) in [
            ("BOOLEAN", ValueRef::Integer(1), "Bool(true)"),
            ("bool", ValueRef::Integer(2), "Form(\"0 or 1\")"),
            ("BOOLEAN", text("yes"), "StorageClass(\"TEXT\")"),
            (
                "BIGINT",
                ValueRef::Integer(i64::MIN),
                "Integer(-9223372036854775808)",
            ),
            ("BIGINT", ValueRef::Real(1.5), "StorageClass(\"REAL\")"),
            ("INTEGER", text("abc"), "StorageClass(\"TEXT\")"),
            (
                "SMALLINT",
                ValueRef::Integer(32768),
                "Form(\"an integer from -32768 to 32767\")",
            ),
            ("DOUBLE PRECISION", ValueRef::Integer(3), "Double(3.0)"),
            (
                "DOUBLE PRECISION",
                ValueRef::Integer(i64::MAX),
                "Form(\"a number that a float holds exactly\")",
            ),
            ("VARCHAR(20)", text("x"), "Text(\"x\")"),
            ("TEXT", ValueRef::Blob(b"x"), "StorageClass(\"BLOB\")"),
            ("TEXT", ValueRef::Text(b"\xff"), "NotUtf8"),
            ("BYTEA_BLOB", ValueRef::Blob(b"x"), "Blob([120])"),
            (
                "UUID_TEXT",
                text("0190a7c3-4f2e-7abc-8def-0123456789ab"),
                "Text(\"0190a7c3-4f2e-7abc-8def-0123456789ab\")",
            ),
            (
                "UUID",
                text("x"),
                "Form(\"a UUID, hyphenated and in lower case\")",
            ),
            ("NUMERIC_TEXT(20,8)", text("1.50000000"), "Text(\"1.5\")"),
            ("NUMERIC(20,8)", ValueRef::Integer(5), "Text(\"5\")"),
            ("NUMERIC(20,8)", ValueRef::Real(1.5), "DigitsLost"),
            ("JSONB_TEXT", text("{}"), "Text(\"{}\")"),
            (
                "DATE",
                text("2024-02-30"),
                "Form(\"a date that exists, as YYYY-MM-DD\")",
            ),
            (
                "TIMESTAMP",
                text("2024-02-29 10:00:00"),
                "Text(\"2024-02-29 10:00:00\")",
            ),
            (
                "TIMESTAMP",
                ValueRef::Integer(5),
                "StorageClass(\"INTEGER\")",
            ),
            ("BIGINT", ValueRef::Null, "Null"),
            ("", ValueRef::Integer(5), "Integer(5)"),
            ("MONEY", ValueRef::Real(0.5), "Double(0.5)"),
        ] {
            assert_eq!(decoded(declared, value), expected, "{declared} {value:?}");
        }
    }
}
