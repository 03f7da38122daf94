//! The types of columns, as far as the rules tell them apart.

use sqlparser::ast::{CharacterLength, DataType, ExactNumberInfo, TimezoneInfo};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    SmallInt,
    Integer,
    BigInt,
    Double,
    Text,
    /// With its limit, where it has one.
    Varchar(Option<u64>),
    Bytea,
    Uuid,
    Timestamptz,
    Date,
    /// With its precision and scale, where it has them.
    Numeric(Option<(u64, i64)>),
    Jsonb,
    /// Any other.
    Other,
}

impl Kind {
    /// What a column declared so holds, on either engine.
    pub(super) fn of(declared: &DataType) -> Self {
        match declared {
            DataType::Bool | DataType::Boolean => Self::Boolean,
            DataType::SmallInt(None) | DataType::Int2(None) => Self::SmallInt,
            DataType::Integer(None) | DataType::Int(None) | DataType::Int4(None) => Self::Integer,
            DataType::BigInt(None) | DataType::Int8(None) => Self::BigInt,
            DataType::DoublePrecision | DataType::Float8 => Self::Double,
            DataType::Text => Self::Text,
            DataType::Varchar(length) | DataType::CharacterVarying(length) => {
                Self::Varchar(match length {
                    Some(CharacterLength::IntegerLength { length, .. }) => Some(*length),
                    _ => None,
                })
            }
            DataType::Bytea => Self::Bytea,
            DataType::Uuid => Self::Uuid,
            DataType::Timestamp(None, TimezoneInfo::Tz | TimezoneInfo::WithTimeZone) => {
                Self::Timestamptz
            }
            DataType::Date => Self::Date,
            DataType::Numeric(info) | DataType::Decimal(info) | DataType::Dec(info) => {
                Self::Numeric(match info {
                    ExactNumberInfo::None => None,
                    ExactNumberInfo::Precision(precision) => Some((*precision, 0)),
                    ExactNumberInfo::PrecisionAndScale(precision, scale) => {
                        Some((*precision, *scale))
                    }
                })
            }
            DataType::JSONB => Self::Jsonb,
            DataType::Custom(name, _) => Self::of_sqlite(&super::model::last(name)),
            _ => Self::Other,
        }
    }

    /// What the translator declares on `SQLite` under a name of its own.
    fn of_sqlite(name: &str) -> Self {
        match name {
            "bytea_blob" => Self::Bytea,
            "uuid_text" => Self::Uuid,
            "timestamptz_text" => Self::Timestamptz,
            "date_text" => Self::Date,
            "numeric_text" => Self::Numeric(None),
            "jsonb_text" => Self::Jsonb,
            _ => Self::Other,
        }
    }

    /// Whether it is a whole number.
    pub(super) fn is_whole(self) -> bool {
        matches!(self, Self::SmallInt | Self::Integer | Self::BigInt)
    }

    /// Whether it is text that compares as such on both engines.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Varchar(_))
    }

    /// The type, without its limits.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::SmallInt => "SMALLINT",
            Self::Integer => "INTEGER",
            Self::BigInt => "BIGINT",
            Self::Double => "DOUBLE PRECISION",
            Self::Text => "TEXT",
            Self::Varchar(_) => "VARCHAR",
            Self::Bytea => "BYTEA",
            Self::Uuid => "UUID",
            Self::Timestamptz => "TIMESTAMPTZ",
            Self::Date => "DATE",
            Self::Numeric(_) => "NUMERIC",
            Self::Jsonb => "JSONB",
            Self::Other => "another type",
        }
    }
}
