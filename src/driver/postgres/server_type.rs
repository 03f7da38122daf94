//! The types of PostgreSQL that have a form in `Any`.

use sqlx::TypeInfo;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgTypeInfo, PgTypeKind};
use sqlx_core::any::{AnyTypeInfo, AnyTypeInfoKind};
use thiserror::Error;

/// A column of a type that has no form in `Any`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "column {column:?} is {sql_type}, which has no portable form: select \
     CAST({column} AS TEXT) AS {column}"
)]
pub struct UnsupportedColumn {
    column: String,
    sql_type: String,
}

impl UnsupportedColumn {
    pub(super) fn new(column: &str, sql_type: &str) -> Self {
        Self {
            column: column.to_owned(),
            sql_type: sql_type.to_owned(),
        }
    }
}

/// What the driver knows how to encode and decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ServerType {
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Numeric,
    /// TEXT, VARCHAR, CHAR(n), NAME, CITEXT, and `unknown`
    Text,
    /// An enum: its binary form is its label.
    Enum,
    /// `"char"`, one byte
    Char,
    Bytea,
    Uuid,
    TimestampTz,
    Timestamp,
    Date,
    Time,
    Json,
    Jsonb,
    /// What functions without a result give, `pg_advisory_lock` for one; read as NULL.
    Void,
    /// A type without a form in `Any`.
    Other,
}

impl ServerType {
    /// The type behind a description that the server gave.
    pub(super) fn of(info: &PgTypeInfo) -> Self {
        match info.kind() {
            PgTypeKind::Enum(_) => Self::Enum,
            PgTypeKind::Domain(base) => Self::of(base),
            PgTypeKind::Simple | PgTypeKind::Pseudo => match info.oid() {
                Some(oid) => Self::of_builtin(oid).unwrap_or_else(|| Self::of_name(info.name())),
                None => Self::of_name(info.name()),
            },
            _ => Self::Other,
        }
    }

    /// The type of an extension. It may be written with its schema.
    pub(super) fn of_name(name: &str) -> Self {
        let name = name.rsplit('.').next().unwrap_or(name);
        if name.eq_ignore_ascii_case("citext") {
            Self::Text
        } else {
            Self::Other
        }
    }

    /// The built-in types, whose numbers never change (PostgreSQL's `pg_type.dat`).
    fn of_builtin(oid: Oid) -> Option<Self> {
        Some(match oid.0 {
            16 => Self::Bool,
            17 => Self::Bytea,
            18 => Self::Char,
            19 | 25 | 705 | 1042 | 1043 => Self::Text,
            20 => Self::Int8,
            21 => Self::Int2,
            23 => Self::Int4,
            114 => Self::Json,
            700 => Self::Float4,
            701 => Self::Float8,
            1082 => Self::Date,
            1083 => Self::Time,
            1114 => Self::Timestamp,
            1184 => Self::TimestampTz,
            1700 => Self::Numeric,
            2278 => Self::Void,
            2950 => Self::Uuid,
            3802 => Self::Jsonb,
            _ => return None,
        })
    }

    /// The kind in which a value of this type travels, `None` if it can't.
    pub(super) fn carrier(self) -> Option<AnyTypeInfo> {
        let kind = match self {
            Self::Bool => AnyTypeInfoKind::Bool,
            Self::Int2 | Self::Int4 | Self::Int8 => AnyTypeInfoKind::BigInt,
            Self::Float4 => AnyTypeInfoKind::Real,
            Self::Float8 => AnyTypeInfoKind::Double,
            Self::Bytea => AnyTypeInfoKind::Blob,
            Self::Void => AnyTypeInfoKind::Null,
            Self::Other => return None,
            Self::Numeric
            | Self::Text
            | Self::Enum
            | Self::Char
            | Self::Uuid
            | Self::TimestampTz
            | Self::Timestamp
            | Self::Date
            | Self::Time
            | Self::Json
            | Self::Jsonb => AnyTypeInfoKind::Text,
        };
        Some(AnyTypeInfo { kind })
    }
}

/// A type as messages name it: SQLx knows no name for what it has not looked up.
pub(super) fn type_name(info: &PgTypeInfo) -> String {
    match (info.name(), info.oid()) {
        ("?", Some(oid)) => format!("the type with OID {}", oid.0),
        (name, _) => name.to_owned(),
    }
}

/// The type to declare for a parameter that takes an argument of this kind.
pub(super) fn declared_oid(kind: AnyTypeInfoKind) -> Oid {
    Oid(match kind {
        AnyTypeInfoKind::Bool => 16,
        AnyTypeInfoKind::Blob => 17,
        AnyTypeInfoKind::SmallInt | AnyTypeInfoKind::Integer | AnyTypeInfoKind::BigInt => 20,
        AnyTypeInfoKind::Text | AnyTypeInfoKind::Null => 25,
        AnyTypeInfoKind::Real | AnyTypeInfoKind::Double => 701,
    })
}
