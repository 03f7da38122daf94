//! Columns on PostgreSQL: the real types, with the little that makes them agree with SQLite.

use super::column::Column;
use super::column_type::ColumnType;
use super::reader::quote_name;

/// What stands in place of the column's type, or `None` where that is right as it is; a CHECK
/// bears the name `check`.
pub(super) fn column(column: &Column, check: &str) -> Option<String> {
    let c = quote_name(&column.name);
    let with_check = |declared: &str, condition: String| {
        Some(format!("{declared} CONSTRAINT {check} CHECK ({condition})"))
    };
    match column.kind {
        // The database's collation may be a language's; SQLite compares bytes.
        ColumnType::Text => Some(r#"TEXT COLLATE "C""#.into()),
        // VARCHAR(n) cuts blanks beyond n in silence.
        ColumnType::Varchar(limit) => with_check(
            r#"VARCHAR COLLATE "C""#,
            format!("char_length({c}) <= {limit}"),
        ),
        // SQLite has no NaN.
        ColumnType::DoublePrecision => with_check("DOUBLE PRECISION", format!("{c} <> 'NaN'")),
        // NUMERIC(p,s) rounds to s digits in silence. NaN is greater than every number here.
        ColumnType::NumericOf(precision, scale) => with_check(
            "NUMERIC",
            format!(
                "abs({c}) < 1{} AND min_scale({c}) <= {scale}",
                "0".repeat((precision - scale) as usize)
            ),
        ),
        ColumnType::Numeric => with_check("NUMERIC", format!("abs({c}) < 'Infinity'")),
        // Out go the infinities, and the years that RFC 3339 can't write.
        ColumnType::Timestamptz => with_check(
            "TIMESTAMPTZ",
            format!("{c} >= '0001-01-01 00:00:00+00' AND {c} < '10000-01-01 00:00:00+00'"),
        ),
        ColumnType::Date => {
            with_check("DATE", format!("{c} BETWEEN '0001-01-01' AND '9999-12-31'"))
        }
        ColumnType::Boolean
        | ColumnType::SmallInt
        | ColumnType::Integer
        | ColumnType::BigInt
        | ColumnType::Bytea
        | ColumnType::Uuid
        | ColumnType::Jsonb => None,
    }
}
