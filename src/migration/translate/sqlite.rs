//! Columns on SQLite.
//!
//! SQLite knows affinities, not types: the declared name chooses one that keeps the value exactly,
//! tells the driver the type, and a CHECK refuses what PostgreSQL would refuse. The conditions are
//! plain SQL of SQLite 3.38 (2022) and later, so that its own shell can write the table too, but for
//! what needs the collation of NUMERIC columns.

use super::column::{Column, Rule};
use super::column_type::ColumnType;
use super::reader::quote_name;

/// The collation that compares decimal numbers written as text by their value. The driver
/// registers it on every connection.
pub const DECIMAL_COLLATION: &str = "twinbase_decimal";

/// The type, collation, CHECK and NOT NULL that stand in place of the column's type; the CHECK
/// bears the name `check`.
///
/// SQLite gives a CHECK without a name the name of the constraint before it, in the same column or,
/// to the table's first, in the last column. It would pass for the type's; `own` comes between.
pub(super) fn column(column: &Column, check: &str, own: &str) -> String {
    let declared = declared(column);
    let condition = condition(&quote_name(&column.name), column.kind);
    // A primary key that is not an INTEGER may be NULL in SQLite.
    let not_null = if column.has(Rule::PrimaryKey) && !column.has(Rule::NotNull) {
        " NOT NULL"
    } else {
        ""
    };
    let ends_name = if column.has(Rule::EndsName) {
        format!(" CONSTRAINT {own} NULL")
    } else {
        String::new()
    };
    format!("{declared} CONSTRAINT {check} CHECK ({condition}){ends_name}{not_null}")
}

/// The declared type. Its affinity follows from its letters: INT makes INTEGER; else CHAR or TEXT,
/// TEXT; else BLOB, none; else DOUB, REAL; else NUMERIC.
/// <https://www.sqlite.org/datatype3.html#determination_of_column_affinity>
fn declared(column: &Column) -> String {
    match column.kind {
        // INTEGER PRIMARY KEY would be another name for the rowid, which makes its own value where
        // none is given. INT is not.
        ColumnType::Integer if column.has(Rule::PrimaryKey) => "INT".into(),
        ColumnType::Bytea => "BYTEA_BLOB".into(),
        ColumnType::Uuid => "UUID_TEXT".into(),
        ColumnType::Timestamptz => "TIMESTAMPTZ_TEXT".into(),
        ColumnType::Date => "DATE_TEXT".into(),
        ColumnType::Jsonb => "JSONB_TEXT".into(),
        ColumnType::Numeric => format!("NUMERIC_TEXT COLLATE {DECIMAL_COLLATION}"),
        ColumnType::NumericOf(precision, scale) => {
            format!("NUMERIC_TEXT({precision},{scale}) COLLATE {DECIMAL_COLLATION}")
        }
        plain => plain.to_string(),
    }
}

/// What holds for every value of the type in column `c`. `IS` and `GLOB` are blind to collations.
pub(super) fn condition(c: &str, column_type: ColumnType) -> String {
    let of = |storage: &str| format!("typeof({c}) IN ('{storage}', 'null')");
    let all = |parts: &[String]| format!("{c} IS NULL OR ({})", parts.join(" AND "));
    let stored = |storage: &str| format!("typeof({c}) = '{storage}'");
    // length() stops at a NUL; of bytes it does not.
    let bytes = |count: u32| format!("length(CAST({c} AS BLOB)) = {count}");
    match column_type {
        ColumnType::BigInt => of("integer"),
        ColumnType::DoublePrecision => of("real"),
        ColumnType::Text => of("text"),
        ColumnType::Bytea => of("blob"),
        ColumnType::Boolean => all(&[stored("integer"), format!("{c} IN (0, 1)")]),
        ColumnType::SmallInt => all(&[
            stored("integer"),
            format!("{c} BETWEEN {} AND {}", i16::MIN, i16::MAX),
        ]),
        ColumnType::Integer => all(&[
            stored("integer"),
            format!("{c} BETWEEN {} AND {}", i32::MIN, i32::MAX),
        ]),
        ColumnType::Varchar(limit) => all(&[stored("text"), format!("length({c}) <= {limit}")]),
        ColumnType::Uuid => all(&[
            stored("text"),
            bytes(36),
            format!(
                "{c} GLOB '{}'",
                [8, 4, 4, 4, 12]
                    .map(|digits| "[0-9a-f]".repeat(digits))
                    .join("-")
            ),
        ]),
        // The modifier makes SQLite compute the day, so that 2024-02-30 comes out as another.
        ColumnType::Date => all(&[
            stored("text"),
            bytes(10),
            format!("date({c}, '+0 days') IS {c}"),
            format!("{c} >= '0001'"),
        ]),
        ColumnType::Timestamptz => all(&[
            stored("text"),
            bytes(27),
            format!(
                "strftime('%Y-%m-%dT%H:%M:%S', substr({c}, 1, 19), '+0 days') IS substr({c}, 1, 19)"
            ),
            format!("substr({c}, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]Z'"),
            format!("{c} >= '0001'"),
        ]),
        ColumnType::Numeric => all(&decimal(c)),
        ColumnType::NumericOf(precision, scale) => {
            let mut parts = decimal(c);
            parts.extend(decimal_limits(c, precision, scale));
            all(&parts)
        }
        // JSONB refuses \u0000. Without its pairs of backslashes, each one left begins an escape.
        ColumnType::Jsonb => all(&[
            stored("text"),
            format!("json_valid({c})"),
            format!(r"replace({c}, '\\', '') NOT GLOB '*\u0000*'"),
        ]),
    }
}

/// The one spelling of a decimal number: no sign but a minus, no zeros in front or at the end, no
/// point without digits on both sides, no minus zero.
fn decimal(c: &str) -> Vec<String> {
    let mut parts = vec![
        format!("typeof({c}) = 'text'"),
        format!("length(CAST({c} AS BLOB)) = length({c})"),
        format!("replace({c}, '-', '') GLOB '[0-9]*'"),
    ];
    for refused in [
        "*[^0-9.-]*",
        "?*-*",
        "*.*.*",
        "0[0-9]*",
        "-0[0-9]*",
        "-0",
        "*.",
        "*.*0",
    ] {
        parts.push(format!("{c} NOT GLOB '{refused}'"));
    }
    parts
}

/// At most `precision - scale` digits before the point and `scale` after it.
fn decimal_limits(c: &str, precision: u32, scale: u32) -> [String; 2] {
    let whole = match precision - scale {
        0 => format!("replace({c}, '-', '') GLOB '0*'"),
        digits => format!("instr(replace({c}, '-', '') || '.', '.') <= {}", digits + 1),
    };
    [
        whole,
        format!("length({c}) - instr({c} || '.', '.') <= {scale}"),
    ]
}
