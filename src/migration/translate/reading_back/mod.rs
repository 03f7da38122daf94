//! The way back: from a column that is there to the type and the default that a portable file says.

mod defaults;

use super::column_type::ColumnType;
use super::reader::quote_name;
use super::token::{Kind, Token, tokenize};
use super::{DECIMAL_COLLATION, postgres, sqlite};

pub(in crate::migration) use defaults::{Says, default};

/// The portable type of a column on SQLite; `None` where the declared type, the collation or the condition of its
/// CHECK are not those that the translator writes.
pub(in crate::migration) fn on_sqlite(
    column: &str,
    declared: &str,
    collation: Option<&str>,
    check: &str,
) -> Option<String> {
    let kind = declared_on_sqlite(declared)?;
    let wanted = match kind {
        ColumnType::Numeric | ColumnType::NumericOf(..) => Some(DECIMAL_COLLATION),
        _ => None,
    };
    let condition = sqlite::condition(&quote_name(column), kind);
    let collates = match (collation, wanted) {
        (Some(found), Some(wanted)) => found.eq_ignore_ascii_case(wanted),
        (found, wanted) => found == wanted,
    };
    (collates && is_same(check, &condition)).then(|| kind.to_string())
}

/// The type that a declared type of SQLite stands for.
fn declared_on_sqlite(declared: &str) -> Option<ColumnType> {
    let (name, arguments) = match declared.split_once('(') {
        Some((name, rest)) => (name, rest.strip_suffix(')')?),
        None => (declared, ""),
    };
    let numbers: Result<Vec<u32>, _> = arguments
        .split(',')
        .filter(|number| !number.is_empty())
        .map(|number| number.trim().parse())
        .collect();
    Some(
        match (
            name.trim().to_ascii_uppercase().as_str(),
            &numbers.ok()?[..],
        ) {
            ("BOOLEAN", []) => ColumnType::Boolean,
            ("SMALLINT", []) => ColumnType::SmallInt,
            ("INTEGER" | "INT", []) => ColumnType::Integer,
            ("BIGINT", []) => ColumnType::BigInt,
            ("DOUBLE PRECISION", []) => ColumnType::DoublePrecision,
            ("TEXT", []) => ColumnType::Text,
            ("VARCHAR", [limit]) => ColumnType::Varchar(*limit),
            ("BYTEA_BLOB", []) => ColumnType::Bytea,
            ("UUID_TEXT", []) => ColumnType::Uuid,
            ("TIMESTAMPTZ_TEXT", []) => ColumnType::Timestamptz,
            ("DATE_TEXT", []) => ColumnType::Date,
            ("NUMERIC_TEXT", []) => ColumnType::Numeric,
            ("NUMERIC_TEXT", [precision, scale]) if scale <= precision => {
                ColumnType::NumericOf(*precision, *scale)
            }
            ("JSONB_TEXT", []) => ColumnType::Jsonb,
            _ => return None,
        },
    )
}

/// What a column on PostgreSQL may be.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::migration) struct Candidate {
    /// The type as a portable file writes it.
    pub(in crate::migration) name: String,
    /// What its CHECK then says, in other words perhaps; `None` where it needs none.
    pub(in crate::migration) condition: Option<String>,
}

/// The portable type that a column on PostgreSQL may have, by its type, its collation and the
/// condition of its CHECK.
pub(in crate::migration) fn on_postgres(
    column: &str,
    declared: &str,
    collation: Option<&str>,
    check: Option<&str>,
) -> Option<Candidate> {
    let numbers = check.map(whole_numbers).unwrap_or_default();
    let kind = match (declared, collation) {
        ("boolean", _) => ColumnType::Boolean,
        ("smallint", _) => ColumnType::SmallInt,
        ("integer", _) => ColumnType::Integer,
        ("bigint", _) => ColumnType::BigInt,
        ("double precision", _) => ColumnType::DoublePrecision,
        ("text", Some("C")) => ColumnType::Text,
        ("character varying", Some("C")) => ColumnType::Varchar(numbers.last()?.parse().ok()?),
        ("bytea", _) => ColumnType::Bytea,
        ("uuid", _) => ColumnType::Uuid,
        ("timestamp with time zone", _) => ColumnType::Timestamptz,
        ("date", _) => ColumnType::Date,
        ("numeric", _) => match &numbers[..] {
            [power, scale] => {
                let scale: u32 = scale.parse().ok()?;
                let whole = u32::try_from(power.len()).ok()?.checked_sub(1)?;
                ColumnType::NumericOf(whole.checked_add(scale)?, scale)
            }
            _ => ColumnType::Numeric,
        },
        ("jsonb", _) => ColumnType::Jsonb,
        _ => return None,
    };
    Some(Candidate {
        name: kind.to_string(),
        condition: postgres::condition(&quote_name(column), kind),
    })
}

/// The numbers without a point in an expression, also those in quotes.
fn whole_numbers(expression: &str) -> Vec<String> {
    let tokens = tokenize(expression).unwrap_or_default();
    let numbers = tokens.iter().filter_map(|token| match token.kind {
        Kind::Number => Some(token.text),
        Kind::String => Some(token.text.trim_matches('\'')),
        _ => None,
    });
    numbers
        .filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
        .map(str::to_owned)
        .collect()
}

/// Whether two texts have the same tokens, names and keywords in any case.
fn is_same(one: &str, other: &str) -> bool {
    let (Ok(one), Ok(other)) = (tokenize(one), tokenize(other)) else {
        return false;
    };
    let same = |(a, b): (&Token<'_>, &Token<'_>)| match (a.kind, b.kind) {
        (Kind::Word | Kind::QuotedName, Kind::Word | Kind::QuotedName) => a
            .text
            .trim_matches('"')
            .eq_ignore_ascii_case(b.text.trim_matches('"')),
        _ => a.text == b.text,
    };
    one.len() == other.len() && one.iter().zip(&other).all(same)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::super::translate;
    use super::*;
    use crate::config::Engine;

    const TYPES: [&str; 16] = [
        "BOOLEAN",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "DOUBLE PRECISION",
        "TEXT",
        "VARCHAR(7)",
        "BYTEA",
        "UUID",
        "TIMESTAMPTZ",
        "DATE",
        "NUMERIC",
        "NUMERIC(9,2)",
        "NUMERIC(20,0)",
        "NUMERIC(3,3)",
        "JSONB",
    ];

    #[test]
    fn every_type_that_sqlite_gets_is_read_back() {
        for name in TYPES {
            let source = format!("CREATE TABLE t (\"The c1\" {name})");
            let text = translate(&source, Engine::Sqlite).unwrap();
            let column = text.split_once("\"The c1\" ").unwrap().1;
            let (head, rest) = column.split_once(" CONSTRAINT ").unwrap();
            let (declared, collation) = match head.split_once(" COLLATE ") {
                Some((declared, collation)) => (declared, Some(collation)),
                None => (head, None),
            };
            let check = rest.split_once("CHECK (").unwrap().1;
            let check = check.strip_suffix("))").unwrap();
            let found = on_sqlite("The c1", declared, collation, check);
            assert_eq!(found.as_deref(), Some(name));
            let renamed = check.replace("\"The c1\"", "other");
            let found = on_sqlite("Other", declared, collation, &renamed);
            assert_eq!(found.as_deref(), Some(name));
            for refused in ["1", "typeof(\"The c1\") = 'text'"] {
                assert_eq!(on_sqlite("The c1", declared, collation, refused), None);
            }
            assert_eq!(on_sqlite("The c1", declared, Some("NOCASE"), check), None);
        }
        assert_eq!(on_sqlite("c", "SERIAL", None, ""), None);
        assert_eq!(on_sqlite("c", "NUMERIC_TEXT(2,x)", None, ""), None);
    }

    #[test]
    fn what_a_type_of_postgresql_may_be_is_told_by_the_numbers_of_its_check() {
        for (declared, collation, check, expected) in [
            (
                "character varying",
                Some("C"),
                Some("(char_length((c1)::text) <= 80)"),
                Some("VARCHAR(80)"),
            ),
            ("character varying(80)", Some("C"), None, None),
            ("character varying", Some("default"), None, None),
            ("text", Some("default"), None, None),
            (
                "numeric",
                None,
                Some("((abs(c1) < ('1000000000000'::bigint)::numeric) AND (min_scale(c1) <= 8))"),
                Some("NUMERIC(20,8)"),
            ),
            (
                "numeric",
                None,
                Some("((abs(c1) < (1)::numeric) AND (min_scale(c1) <= 3))"),
                Some("NUMERIC(3,3)"),
            ),
            (
                "numeric",
                None,
                Some("(abs(c1) < 'Infinity'::numeric)"),
                Some("NUMERIC"),
            ),
            ("numeric(20,8)", None, None, None),
            ("bigint", None, None, Some("BIGINT")),
        ] {
            let found = on_postgres("c1", declared, collation, check);
            assert_eq!(
                found.map(|found| found.name).as_deref(),
                expected,
                "{declared} {check:?}"
            );
        }
    }
}
