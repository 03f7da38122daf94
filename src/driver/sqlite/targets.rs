//! What the parameters of a statement meet, and arguments as PostgreSQL's driver would encode them
//! for it.
//!
//! SQLite takes any value for any column, and converts it by the column's affinity before a CHECK
//! sees it: an integer beyond 2^53 becomes a rounded float, `1.0` an integer, a boolean a text. So
//! what PostgreSQL refuses is refused here, with the same errors, and text in another spelling than
//! the canonical one becomes what PostgreSQL would give back.

use super::declared::Declared;
use super::forms;
use crate::driver::argument::{Fault, exact_float};
use crate::driver::{decimal, moment, uuid};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use sqlx_core::any::AnyValueKind;
use std::borrow::Cow;

/// The type that a parameter has to have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Type {
    Boolean,
    SmallInt,
    Integer,
    BigInt,
    Double,
    Text,
    Bytes,
    Uuid,
    Timestamptz,
    Date,
    Decimal,
    Json,
    /// The number behind LIMIT.
    Limit,
    /// The number behind OFFSET.
    Offset,
}

impl Type {
    /// The type of a column; `None` where its declaration does not tell what it takes.
    pub(super) const fn of(declared: Declared) -> Option<Self> {
        Some(match declared {
            Declared::Boolean => Self::Boolean,
            Declared::SmallInt => Self::SmallInt,
            Declared::Integer => Self::Integer,
            Declared::BigInt => Self::BigInt,
            Declared::Double => Self::Double,
            Declared::Text => Self::Text,
            Declared::Blob => Self::Bytes,
            Declared::Uuid => Self::Uuid,
            Declared::Timestamptz => Self::Timestamptz,
            Declared::Date => Self::Date,
            Declared::Decimal => Self::Decimal,
            Declared::Json => Self::Json,
            Declared::Unknown | Declared::ForeignNumeric | Declared::ForeignTime => return None,
        })
    }

    /// Whether it is a number that an operator computes with.
    pub(super) const fn is_number(self) -> bool {
        self.is_whole() || matches!(self, Self::Double)
    }

    const fn is_whole(self) -> bool {
        matches!(self, Self::SmallInt | Self::Integer | Self::BigInt)
    }

    /// Its name in messages.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::SmallInt => "SMALLINT",
            Self::Integer => "INTEGER",
            Self::BigInt | Self::Limit | Self::Offset => "BIGINT",
            Self::Double => "DOUBLE PRECISION",
            Self::Text => "TEXT",
            Self::Bytes => "BYTEA",
            Self::Uuid => "UUID",
            Self::Timestamptz => "TIMESTAMPTZ",
            Self::Date => "DATE",
            Self::Decimal => "NUMERIC",
            Self::Json => "JSONB",
        }
    }
}

/// What is done with a parameter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Use {
    /// It becomes the value of a column.
    Stored,
    /// It stands beside a value of its type.
    Compared,
    /// A CAST of a statement that only reads makes the type of it.
    Cast,
}

/// What a parameter meets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Target {
    pub(super) kind: Type,
    pub(super) usage: Use,
}

/// What a parameter has met so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Met {
    #[default]
    Nothing,
    One(Target),
    /// Types that have nothing in common: which of them PostgreSQL would choose is not known.
    Several,
}

/// What the parameters of a statement meet, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Targets(Vec<Met>);

impl Targets {
    /// Of a statement about whose parameters nothing is known.
    pub(super) const NONE: Self = Self(Vec::new());

    /// Notes what the parameter of this number, from 1, meets.
    pub(super) fn note(&mut self, number: usize, target: Target) {
        let Some(index) = number.checked_sub(1) else {
            return;
        };
        if self.0.len() <= index {
            self.0.resize(index + 1, Met::Nothing);
        }
        let met = &mut self.0[index];
        *met = match *met {
            Met::Nothing => Met::One(target),
            Met::One(before) if before.kind == target.kind => Met::One(Target {
                // What is compared with text has to be text; what is stored there may be an integer.
                usage: match (before.usage, target.usage) {
                    (Use::Compared, _) | (_, Use::Compared) => Use::Compared,
                    (Use::Stored, _) | (_, Use::Stored) => Use::Stored,
                    (Use::Cast, Use::Cast) => Use::Cast,
                },
                ..target
            }),
            // Its range is the column's own business.
            Met::One(before) if before.kind.is_whole() && target.kind.is_whole() => {
                Met::One(Target {
                    kind: Type::BigInt,
                    usage: Use::Compared,
                })
            }
            _ => Met::Several,
        };
    }

    /// What the parameter at this index, from 0, meets.
    pub(super) fn at(&self, index: usize) -> Option<Target> {
        match self.0.get(index) {
            Some(Met::One(target)) => Some(*target),
            _ => None,
        }
    }
}

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

    #[test]
    fn a_parameter_that_meets_several_types_is_not_checked() {
        let target = |kind, usage| Target { kind, usage };
        let mut targets = Targets::default();
        for (number, kind) in [
            (1, Type::Text),
            (1, Type::BigInt),
            (2, Type::SmallInt),
            (2, Type::BigInt),
            (4, Type::Uuid),
            (4, Type::Uuid),
        ] {
            targets.note(number, target(kind, Use::Stored));
        }
        assert_eq!(targets.at(0), None);
        assert_eq!(targets.at(1), Some(target(Type::BigInt, Use::Compared)));
        assert_eq!(targets.at(2), None);
        assert_eq!(targets.at(3), Some(target(Type::Uuid, Use::Stored)));
        assert_eq!(targets.at(9), None);
    }
}
