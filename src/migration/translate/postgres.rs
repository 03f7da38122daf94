//! Columns on PostgreSQL: the real types, with the little that makes them agree with SQLite.

use super::column::Column;
use super::column_type::ColumnType;
use super::reader::quote_name;

/// A column's type as PostgreSQL gets it.
pub(super) struct Declared {
    /// What stands in place of the type.
    pub(super) declared: &'static str,
    /// What a CHECK holds the column to.
    pub(super) condition: Option<String>,
}

/// The column's type, or `None` where it is right as it is.
pub(super) fn column(column: &Column) -> Option<Declared> {
    let declared = match column.kind {
        // The database's collation may be a language's; SQLite compares bytes.
        ColumnType::Text => r#"TEXT COLLATE "C""#,
        // VARCHAR(n) cuts blanks beyond n in silence.
        ColumnType::Varchar(_) => r#"VARCHAR COLLATE "C""#,
        ColumnType::DoublePrecision => "DOUBLE PRECISION",
        // NUMERIC(p,s) rounds to s digits in silence.
        ColumnType::NumericOf(..) | ColumnType::Numeric => "NUMERIC",
        ColumnType::Timestamptz => "TIMESTAMPTZ",
        ColumnType::Date => "DATE",
        _ => return None,
    };
    Some(Declared {
        declared,
        condition: condition(&quote_name(&column.name), column.kind),
    })
}

/// What holds for every value of the type in column `c`, where the engine itself does not see to it.
pub(super) fn condition(c: &str, column_type: ColumnType) -> Option<String> {
    Some(match column_type {
        ColumnType::Varchar(limit) => format!("char_length({c}) <= {limit}"),
        // SQLite has no NaN.
        ColumnType::DoublePrecision => format!("{c} <> 'NaN'"),
        // NaN is greater than every number here.
        ColumnType::NumericOf(precision, scale) => format!(
            "abs({c}) < 1{} AND min_scale({c}) <= {scale}",
            "0".repeat((precision - scale) as usize)
        ),
        ColumnType::Numeric => format!("abs({c}) < 'Infinity'"),
        // Out go the infinities, and the years that RFC 3339 can't write.
        ColumnType::Timestamptz => {
            format!("{c} >= '0001-01-01 00:00:00+00' AND {c} < '10000-01-01 00:00:00+00'")
        }
        ColumnType::Date => format!("{c} BETWEEN '0001-01-01' AND '9999-12-31'"),
        ColumnType::Boolean
        | ColumnType::SmallInt
        | ColumnType::Integer
        | ColumnType::BigInt
        | ColumnType::Text
        | ColumnType::Bytea
        | ColumnType::Uuid
        | ColumnType::Jsonb => return None,
    })
}
