//! Arguments as PostgreSQL's driver would encode them for what their parameter meets.
//!
//! SQLite takes any value for any column, and converts it by the column's affinity before a CHECK
//! sees it: an integer beyond 2^53 becomes a rounded float, `1.0` an integer, a boolean a text. So
//! what PostgreSQL refuses is refused here, with the same errors, and text in another spelling than
//! the canonical one becomes what PostgreSQL would give back.

use super::forms;
use super::targets::{Target, Type, Use};
use crate::driver::argument::{Fault, exact_float};
use crate::driver::{decimal, moment, uuid};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use sqlx_core::any::AnyValueKind;
use std::borrow::Cow;

impl Target {
    /// The argument in the form in which its type is kept.
    ///
    /// # Errors
    /// Where PostgreSQL's driver, or the server, would refuse it too.
    pub(super) fn convert(self, value: &AnyValueKind) -> Result<ToSqlOutput<'_>, Fault> {
        match value {
            AnyValueKind::Null(_) => Ok(self.null()),
            AnyValueKind::Bool(value) => self.boolean(*value),
            AnyValueKind::SmallInt(value) => self.integer(i64::from(*value)),
            AnyValueKind::Integer(value) => self.integer(i64::from(*value)),
            AnyValueKind::BigInt(value) => self.integer(*value),
            AnyValueKind::Real(value) => self.float(f64::from(*value)),
            AnyValueKind::Double(value) => self.float(*value),
            AnyValueKind::Text(value) => self.text(value),
            AnyValueKind::TextSlice(value) => self.text(value),
            AnyValueKind::Blob(value) => self.bytes(value),
            // The enum may grow in another version of SQLx, which is pinned.
            _ => Err(Fault::Unsupported),
        }
    }

    /// No limit and no offset, as on PostgreSQL; SQLite itself takes no NULL there.
    fn null(self) -> ToSqlOutput<'static> {
        match self.kind {
            Type::Limit => whole(-1),
            Type::Offset => whole(0),
            _ => ToSqlOutput::Borrowed(ValueRef::Null),
        }
    }

    fn boolean(self, value: bool) -> Result<ToSqlOutput<'static>, Fault> {
        match self.kind {
            Type::Boolean => Ok(whole(i64::from(value))),
            Type::Text if self.usage == Use::Cast => {
                let word: &[u8] = if value { b"true" } else { b"false" };
                Ok(ToSqlOutput::Borrowed(ValueRef::Text(word)))
            }
            _ => Err(Fault::BIND_ITS_TYPE),
        }
    }

    fn integer(self, value: i64) -> Result<ToSqlOutput<'static>, Fault> {
        match self.kind {
            Type::SmallInt if self.usage == Use::Cast && i16::try_from(value).is_err() => {
                Err(Fault::OutOfRange)
            }
            Type::Integer if self.usage == Use::Cast && i32::try_from(value).is_err() => {
                Err(Fault::OutOfRange)
            }
            Type::Limit | Type::Offset if value < 0 => Err(Fault::OutOfRange),
            // What is out of range for the column breaks its CHECK; a comparison with it is false.
            Type::SmallInt | Type::Integer | Type::BigInt | Type::Limit | Type::Offset => {
                Ok(whole(value))
            }
            Type::Double => {
                let exact = exact_float(value).ok_or(Fault::Inexact)?;
                Ok(ToSqlOutput::Borrowed(ValueRef::Real(exact)))
            }
            Type::Decimal => Ok(ToSqlOutput::Owned(Value::Text(value.to_string()))),
            // The column, or the CAST, makes its digits of it.
            Type::Text if self.usage != Use::Compared => Ok(whole(value)),
            Type::Boolean => Err(Fault::BIND_BOOL),
            _ => Err(Fault::BIND_ITS_TYPE),
        }
    }

    fn float(self, value: f64) -> Result<ToSqlOutput<'static>, Fault> {
        match self.kind {
            Type::Double => Ok(ToSqlOutput::Borrowed(ValueRef::Real(value))),
            Type::Text if self.usage == Use::Cast => {
                Ok(ToSqlOutput::Borrowed(ValueRef::Real(value)))
            }
            Type::Decimal => Err(Fault::NO_FLOAT_FOR_NUMERIC),
            Type::SmallInt | Type::Integer | Type::BigInt | Type::Limit | Type::Offset => {
                Err(Fault::NO_FLOAT_FOR_INTEGER)
            }
            _ => Err(Fault::BIND_ITS_TYPE),
        }
    }

    fn bytes(self, value: &[u8]) -> Result<ToSqlOutput<'_>, Fault> {
        match self.kind {
            Type::Bytes => Ok(ToSqlOutput::Borrowed(ValueRef::Blob(value))),
            Type::Text if self.usage == Use::Cast => {
                Ok(ToSqlOutput::Borrowed(ValueRef::Blob(value)))
            }
            _ => Err(Fault::BIND_ITS_TYPE),
        }
    }

    fn text(self, value: &str) -> Result<ToSqlOutput<'_>, Fault> {
        let canonical = match self.kind {
            Type::Text => Cow::Borrowed(value),
            Type::Uuid if forms::is_uuid(value) => Cow::Borrowed(value),
            Type::Uuid => {
                let bytes = uuid::parse(value).ok_or(Fault::Malformed(uuid::EXPECTED))?;
                Cow::Owned(uuid::format(bytes))
            }
            Type::Timestamptz if forms::is_timestamptz(value) => Cow::Borrowed(value),
            Type::Timestamptz => Cow::Owned(
                moment::parse_timestamptz(value)
                    .and_then(|micros| moment::format_timestamp(micros, "Z"))
                    .map_err(|fault| fault.explain(moment::EXPECTED_TIMESTAMPTZ))
                    .map_err(Fault::Malformed)?,
            ),
            Type::Date => {
                moment::parse_date(value)
                    .map_err(|fault| Fault::Malformed(fault.explain(moment::EXPECTED_DATE)))?;
                Cow::Borrowed(value)
            }
            Type::Decimal => {
                decimal::canonical(value).ok_or(Fault::Malformed(decimal::EXPECTED))?
            }
            // What is stored is looked at by the column's CHECK.
            Type::Json if self.usage == Use::Stored || is_json(value) => Cow::Borrowed(value),
            Type::Json => return Err(Fault::Malformed("write JSON, as {\"a\": 1}")),
            Type::Boolean => return Err(Fault::BIND_BOOL),
            Type::SmallInt | Type::Integer | Type::BigInt | Type::Limit | Type::Offset => {
                return Err(Fault::BIND_INTEGER);
            }
            Type::Double => return Err(Fault::BIND_FLOAT),
            Type::Bytes => return Err(Fault::BIND_BYTES),
        };
        Ok(match canonical {
            Cow::Borrowed(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Cow::Owned(text) => ToSqlOutput::Owned(Value::Text(text)),
        })
    }
}

const fn whole(value: i64) -> ToSqlOutput<'static> {
    ToSqlOutput::Borrowed(ValueRef::Integer(value))
}

/// Whether JSONB takes the text; of any depth, and without the escape `\u0000`, which it refuses.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
        && !text.replace("\\\\", "").contains("\\u0000")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(kind: Type, usage: Use, value: &AnyValueKind) -> String {
        match (Target { kind, usage }).convert(value) {
            Ok(ToSqlOutput::Borrowed(ValueRef::Text(text))) => {
                format!("as it is {}", String::from_utf8_lossy(text))
            }
            Ok(ToSqlOutput::Owned(Value::Text(text))) => text,
            Ok(ToSqlOutput::Borrowed(value)) => format!("{value:?}"),
            Ok(_) => "another form".to_owned(),
            Err(fault) => format!("{fault:?}")
                .split('(')
                .next()
                .unwrap_or("")
                .to_owned(),
        }
    }

    fn text(text: &str) -> AnyValueKind {
        AnyValueKind::Text(text.to_owned().into())
    }

    #[test]
    fn another_spelling_becomes_the_canonical_one_and_that_is_not_copied() {
        for (kind, spelling, expected) in [
            (
                Type::Uuid,
                "01890A5D-AC96-774B-BCCE-B302099A8057",
                "01890a5d-ac96-774b-bcce-b302099a8057",
            ),
            (
                Type::Uuid,
                "01890a5d-ac96-774b-bcce-b302099a8057",
                "as it is 01890a5d-ac96-774b-bcce-b302099a8057",
            ),
            (
                Type::Timestamptz,
                "2024-02-29 13:00:00+01",
                "2024-02-29T12:00:00.000000Z",
            ),
            (
                Type::Timestamptz,
                "2024-02-29T12:00:00.000000Z",
                "as it is 2024-02-29T12:00:00.000000Z",
            ),
            (Type::Decimal, "+1.50", "1.5"),
            (Type::Decimal, "1.5", "as it is 1.5"),
            (Type::Date, "2024-02-29", "as it is 2024-02-29"),
            (Type::Date, "2024-02-30", "Malformed"),
            (Type::Timestamptz, "infinity", "Malformed"),
            (Type::Decimal, "1e5", "Malformed"),
            (Type::Json, "{]", "Malformed"),
            (Type::Json, "\"\\u0000\"", "Malformed"),
            (Type::Json, "\"\\\\u0000\"", "as it is \"\\\\u0000\""),
        ] {
            assert_eq!(
                converted(kind, Use::Compared, &text(spelling)),
                expected,
                "{spelling}"
            );
        }
        let deep = format!("{}{}", "[".repeat(900), "]".repeat(900));
        assert!(is_json(&deep));
    }

    #[test]
    fn kinds_are_not_mixed() {
        let big = AnyValueKind::BigInt((1 << 53) + 1);
        for (kind, usage, value, expected) in [
            (Type::Double, Use::Stored, big, "Inexact"),
            (
                Type::Double,
                Use::Stored,
                AnyValueKind::SmallInt(2),
                "Real(2.0)",
            ),
            (Type::Decimal, Use::Stored, AnyValueKind::BigInt(-7), "-7"),
            (
                Type::Decimal,
                Use::Stored,
                AnyValueKind::Double(0.5),
                "WrongKind",
            ),
            (
                Type::Text,
                Use::Stored,
                AnyValueKind::BigInt(7),
                "Integer(7)",
            ),
            (
                Type::Text,
                Use::Compared,
                AnyValueKind::BigInt(7),
                "WrongKind",
            ),
            (
                Type::Text,
                Use::Stored,
                AnyValueKind::Bool(true),
                "WrongKind",
            ),
            (
                Type::Text,
                Use::Cast,
                AnyValueKind::Bool(true),
                "as it is true",
            ),
            (
                Type::Boolean,
                Use::Stored,
                AnyValueKind::BigInt(1),
                "WrongKind",
            ),
            (
                Type::BigInt,
                Use::Compared,
                AnyValueKind::Double(1.0),
                "WrongKind",
            ),
            (
                Type::SmallInt,
                Use::Cast,
                AnyValueKind::BigInt(40_000),
                "OutOfRange",
            ),
            (
                Type::SmallInt,
                Use::Compared,
                AnyValueKind::BigInt(40_000),
                "Integer(40000)",
            ),
            (
                Type::Limit,
                Use::Compared,
                AnyValueKind::BigInt(-1),
                "OutOfRange",
            ),
            (
                Type::Limit,
                Use::Compared,
                AnyValueKind::Null(sqlx_core::any::AnyTypeInfoKind::BigInt),
                "Integer(-1)",
            ),
            (
                Type::Uuid,
                Use::Stored,
                AnyValueKind::BigInt(1),
                "WrongKind",
            ),
        ] {
            assert_eq!(
                converted(kind, usage, &value),
                expected,
                "{kind:?} {value:?}"
            );
        }
    }
}
