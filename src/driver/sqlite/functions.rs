//! The collation and the SQL functions that each connection gets.
//!
//! The functions are deterministic and innocuous, so that CHECK constraints, indexes and generated
//! columns may use them. Like SQLite's own they give NULL for NULL, which a CHECK lets pass.
//!
//! | function | true where |
//! |---|---|
//! | `twinbase_is_decimal(text, precision, scale)` | `NUMERIC(precision, scale)` holds it without rounding |
//! | `twinbase_is_timestamptz(text)` | it is `YYYY-MM-DDTHH:MM:SS.ffffffZ` and exists |
//! | `twinbase_is_date(text)` | it is `YYYY-MM-DD` and exists |
//! | `twinbase_is_uuid(text)` | it is hyphenated and in lower case |
//!
//! CASTs go through more of them (see [`super::checked_casts`]). LIKE is replaced (see [`super::like`]), and `sum`, so that decimals add up exactly.

use super::{cast_functions, decimal_collation, forms, like, sum};
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;

/// Registers the collation and the functions.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    connection.create_collation(decimal_collation::NAME, decimal_collation::compare)?;
    like::register(connection, flags())?;
    cast_functions::register(connection, flags())?;
    sum::register(connection)?;
    test(connection, "twinbase_is_timestamptz", forms::is_timestamptz)?;
    test(connection, "twinbase_is_date", forms::is_date)?;
    test(connection, "twinbase_is_uuid", forms::is_uuid)?;
    connection.create_scalar_function("twinbase_is_decimal", 3, flags(), |context| {
        let (precision, scale) = (context.get(1)?, context.get(2)?);
        Ok(on_text(context, |text| {
            forms::is_decimal(text, precision, scale)
        }))
    })
}

fn flags() -> FunctionFlags {
    FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS
}

fn test(connection: &Connection, name: &str, is: fn(&str) -> bool) -> rusqlite::Result<()> {
    connection.create_scalar_function(name, 1, flags(), move |context| Ok(on_text(context, is)))
}

/// NULL for NULL, false for a number or bytes, and what the test says for text.
fn on_text(context: &Context<'_>, is: impl Fn(&str) -> bool) -> Option<bool> {
    match context.get_raw(0) {
        ValueRef::Null => None,
        ValueRef::Text(bytes) => Some(std::str::from_utf8(bytes).is_ok_and(is)),
        _ => Some(false),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn sql_sees_the_functions_and_the_collation() {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection).unwrap();
        for (sql, expected) in [
            ("twinbase_is_decimal('1.23456789', 20, 8)", Some(true)),
            ("twinbase_is_decimal('1.234567891', 20, 8)", Some(false)),
            ("twinbase_is_decimal(1.5, 20, 8)", Some(false)),
            ("twinbase_is_decimal(NULL, 20, 8)", None),
            ("twinbase_is_date('2024-02-30')", Some(false)),
            (
                "twinbase_is_uuid('0190a7c3-4f2e-7abc-8def-0123456789ab')",
                Some(true),
            ),
            (
                "twinbase_is_timestamptz('2024-02-29T00:00:00.000000Z')",
                Some(true),
            ),
            ("'10' > '9' COLLATE twinbase_decimal", Some(true)),
            ("'1.50' = '1.5' COLLATE twinbase_decimal", Some(true)),
        ] {
            let found: Option<bool> = connection
                .query_row(&format!("SELECT {sql}"), [], |row| row.get(0))
                .unwrap();
            assert_eq!(found, expected, "{sql}");
        }
    }
}
