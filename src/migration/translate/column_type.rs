//! The column types that a portable migration may use.

use std::fmt;

use super::error::TranslateError;
use super::reader::Reader;
use super::token::Kind;

/// A portable column type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnType {
    Boolean,
    SmallInt,
    Integer,
    BigInt,
    DoublePrecision,
    Text,
    /// With its limit in characters.
    Varchar(u32),
    Bytea,
    Uuid,
    Timestamptz,
    Date,
    /// Of any precision and scale.
    Numeric,
    /// With its precision (all digits) and scale (those after the point).
    NumericOf(u32, u32),
    Jsonb,
}

/// The longest VARCHAR that PostgreSQL takes, in characters.
const VARCHAR_MAX: u32 = 10_485_760;

/// The widest NUMERIC(p,s) that PostgreSQL takes, in digits.
const NUMERIC_MAX: u32 = 1000;

impl ColumnType {
    /// Takes a type. The next token after it is a constraint, or there is none.
    pub(super) fn read(reader: &mut Reader<'_, '_>) -> Result<Self, TranslateError> {
        let start = reader.clone();
        let word = match reader.next() {
            Some(token) if token.kind == Kind::Word => token.text.to_ascii_uppercase(),
            _ => return Err(start.unexpected("the type of the column")),
        };
        let column_type = match word.as_str() {
            "BOOLEAN" => Self::Boolean,
            "SMALLINT" => Self::SmallInt,
            "INTEGER" => Self::Integer,
            "BIGINT" => Self::BigInt,
            "DOUBLE" if reader.take_words(&["PRECISION"]) => Self::DoublePrecision,
            "TEXT" => Self::Text,
            "VARCHAR" => varchar(reader)?,
            "BYTEA" => Self::Bytea,
            "UUID" => Self::Uuid,
            "TIMESTAMPTZ" => Self::Timestamptz,
            "DATE" => Self::Date,
            "NUMERIC" if reader.at_mark("(") => numeric(reader)?,
            "NUMERIC" => Self::Numeric,
            "JSONB" => Self::Jsonb,
            _ => {
                return Err(TranslateError::UnknownType {
                    position: start.position(),
                    advice: advice(&word),
                    found: word,
                });
            }
        };
        if reader.at_mark("(") {
            return Err(reader.not_portable(
                format!("a precision of {column_type}"),
                "write the type alone",
            ));
        }
        if reader.at_mark("[") || reader.at_word(&["ARRAY"]) {
            return Err(reader.not_portable("an array", "use JSONB, or a table of its own"));
        }
        Ok(column_type)
    }
}

fn varchar(reader: &mut Reader<'_, '_>) -> Result<ColumnType, TranslateError> {
    const EXPECTED: &str = "VARCHAR's limit in parentheses, 1 to 10485760 (TEXT has none)";
    let mut inner = reader.parenthesized(EXPECTED)?;
    let start = inner.clone();
    let limit = inner.whole_number(EXPECTED)?;
    inner.finish(EXPECTED)?;
    if (1..=VARCHAR_MAX).contains(&limit) {
        Ok(ColumnType::Varchar(limit))
    } else {
        Err(start.unexpected(EXPECTED))
    }
}

fn numeric(reader: &mut Reader<'_, '_>) -> Result<ColumnType, TranslateError> {
    const EXPECTED: &str =
        "NUMERIC(p,s) with p digits, 1 to 1000, of which s, 0 to p, stand after the point";
    let mut inner = reader.parenthesized(EXPECTED)?;
    let start = inner.clone();
    let precision = inner.whole_number(EXPECTED)?;
    let scale = if inner.take_mark(",") {
        inner.whole_number(EXPECTED)?
    } else {
        0
    };
    inner.finish(EXPECTED)?;
    if (1..=NUMERIC_MAX).contains(&precision) && scale <= precision {
        Ok(ColumnType::NumericOf(precision, scale))
    } else {
        Err(start.unexpected(EXPECTED))
    }
}

/// What to write in place of a type that is not portable, by its first word.
fn advice(word: &str) -> &'static str {
    match word {
        "BOOL" => "write BOOLEAN",
        "INT" | "INT4" | "MEDIUMINT" => "write INTEGER",
        "INT2" | "TINYINT" => "write SMALLINT",
        "INT8" => "write BIGINT",
        "FLOAT" | "FLOAT4" | "FLOAT8" | "REAL" | "DOUBLE" => "write DOUBLE PRECISION",
        "DECIMAL" | "DEC" | "MONEY" => "write NUMERIC(p,s)",
        "CHAR" | "CHARACTER" | "BPCHAR" | "NCHAR" | "NVARCHAR" | "VARYING" => {
            "write VARCHAR(n) or TEXT"
        }
        "STRING" | "CLOB" | "CITEXT" | "NAME" => "write TEXT",
        "BLOB" | "BINARY" | "VARBINARY" => "write BYTEA",
        "TIMESTAMP" | "DATETIME" => "write TIMESTAMPTZ",
        "TIME" | "TIMETZ" | "INTERVAL" => "write BIGINT, and count microseconds",
        "JSON" => "write JSONB",
        "SERIAL" | "BIGSERIAL" | "SMALLSERIAL" | "SERIAL4" | "SERIAL8" => {
            "let the application make the key, with UUID PRIMARY KEY and Uuid::now_v7()"
        }
        _ => {
            "write one of BOOLEAN, SMALLINT, INTEGER, BIGINT, DOUBLE PRECISION, TEXT, VARCHAR(n), BYTEA, UUID, TIMESTAMPTZ, DATE, NUMERIC(p,s), NUMERIC, JSONB, or a variant of the migration for each engine"
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("BOOLEAN"),
            Self::SmallInt => f.write_str("SMALLINT"),
            Self::Integer => f.write_str("INTEGER"),
            Self::BigInt => f.write_str("BIGINT"),
            Self::DoublePrecision => f.write_str("DOUBLE PRECISION"),
            Self::Text => f.write_str("TEXT"),
            Self::Varchar(limit) => write!(f, "VARCHAR({limit})"),
            Self::Bytea => f.write_str("BYTEA"),
            Self::Uuid => f.write_str("UUID"),
            Self::Timestamptz => f.write_str("TIMESTAMPTZ"),
            Self::Date => f.write_str("DATE"),
            Self::Numeric => f.write_str("NUMERIC"),
            Self::NumericOf(precision, scale) => write!(f, "NUMERIC({precision},{scale})"),
            Self::Jsonb => f.write_str("JSONB"),
        }
    }
}
