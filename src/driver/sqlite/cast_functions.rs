//! The functions that a CAST goes through, see [`super::checked_casts`]. NULL gives NULL.

use super::error::CAST_MISFIT;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Error, ffi};

/// 2^63, the first float beyond BIGINT.
const BEYOND: f64 = 9_223_372_036_854_775_808.0;

/// Registers the functions.
pub(super) fn register(connection: &Connection, flags: FunctionFlags) -> rusqlite::Result<()> {
    connection.create_scalar_function("twinbase_cast_whole", 2, flags, |context| {
        // As PostgreSQL rounds a DOUBLE PRECISION.
        whole(context, f64::round_ties_even)
    })?;
    connection.create_scalar_function("twinbase_cast_decimal", 2, flags, |context| {
        whole(context, f64::round)
    })?;
    connection.create_scalar_function("twinbase_cast_double", 1, flags, double)?;
    connection.create_scalar_function("twinbase_cast_boolean", 1, flags, boolean)
}

fn misfit() -> Error {
    Error::SqliteFailure(ffi::Error::new(CAST_MISFIT), None)
}

/// Text without the white space around it, as PostgreSQL reads numbers and booleans.
fn trimmed(bytes: &[u8]) -> rusqlite::Result<&str> {
    let text = std::str::from_utf8(bytes).map_err(|_| misfit())?;
    Ok(text.trim_matches(|character: char| character.is_ascii_whitespace() || character == '\x0b'))
}

/// `(bits, value)`
fn whole(context: &Context<'_>, round: fn(f64) -> f64) -> rusqlite::Result<Value> {
    let bits: u32 = context.get(0)?;
    let value = match context.get_raw(1) {
        ValueRef::Null => return Ok(Value::Null),
        ValueRef::Integer(value) => value,
        ValueRef::Real(value) => {
            let rounded = round(value);
            if !(-BEYOND..BEYOND).contains(&rounded) {
                return Err(misfit());
            }
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
            let whole = rounded as i64;
            whole
        }
        ValueRef::Text(bytes) => trimmed(bytes)?.parse().map_err(|_| misfit())?,
        ValueRef::Blob(_) => return Err(misfit()),
    };
    let unused = 64_u32.saturating_sub(bits);
    let fits = value << unused >> unused == value;
    fits.then_some(Value::Integer(value)).ok_or_else(misfit)
}

fn double(context: &Context<'_>) -> rusqlite::Result<Value> {
    match context.get_raw(0) {
        ValueRef::Null => Ok(Value::Null),
        // SQLite's own CAST goes on with it.
        ValueRef::Integer(value) => Ok(Value::Integer(value)),
        ValueRef::Real(value) => Ok(Value::Real(value)),
        ValueRef::Text(bytes) => {
            let text = trimmed(bytes)?;
            let value: f64 = text.parse().map_err(|_| misfit())?;
            let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
            let vanished = value == 0.0 && mantissa.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
            // SQLite has no NaN; the infinities are nothing that one could store.
            if value.is_finite() && !vanished {
                Ok(Value::Real(value))
            } else {
                Err(misfit())
            }
        }
        ValueRef::Blob(_) => Err(misfit()),
    }
}

fn boolean(context: &Context<'_>) -> rusqlite::Result<Value> {
    let value = match context.get_raw(0) {
        ValueRef::Null => return Ok(Value::Null),
        ValueRef::Integer(value) => value != 0,
        ValueRef::Text(bytes) => word(trimmed(bytes)?).ok_or_else(misfit)?,
        ValueRef::Real(_) | ValueRef::Blob(_) => return Err(misfit()),
    };
    Ok(Value::Integer(i64::from(value)))
}

/// PostgreSQL's words for true and false, in any case, and their beginnings where these are clear
/// (manual, section 8.6).
fn word(text: &str) -> Option<bool> {
    let text = text.to_ascii_lowercase();
    let begins = |word: &str, least: usize| text.len() >= least && word.starts_with(&text);
    if begins("true", 1) || begins("yes", 1) || text == "on" || text == "1" {
        Some(true)
    } else if begins("false", 1) || begins("no", 1) || begins("off", 2) || text == "0" {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn values_are_cast_as_postgres_casts_them() {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection, FunctionFlags::SQLITE_UTF8).unwrap();
        for (call, expected) in [
            ("whole(64, '12')", "Integer(12)"),
            ("whole(64, ' -12\n')", "Integer(-12)"),
            ("whole(64, '12abc')", "misfit"),
            ("whole(64, '2.5')", "misfit"),
            ("whole(64, '')", "misfit"),
            ("whole(64, 2.5)", "Integer(2)"),
            ("whole(64, -3.5)", "Integer(-4)"),
            ("decimal(64, 2.5)", "Integer(3)"),
            ("decimal(64, -2.5)", "Integer(-3)"),
            ("whole(64, 1e19)", "misfit"),
            ("whole(64, X'31')", "misfit"),
            ("whole(16, 32768)", "misfit"),
            ("whole(16, -32768)", "Integer(-32768)"),
            ("whole(32, 2147483647.4)", "Integer(2147483647)"),
            ("whole(32, 2147483647.5)", "misfit"),
            ("whole(64, NULL)", "Null"),
            ("double(' .5 ')", "Real(0.5)"),
            ("double('1e3')", "Real(1000.0)"),
            ("double('abc')", "misfit"),
            ("double('1e400')", "misfit"),
            ("double('1e-400')", "misfit"),
            ("double('0e-400')", "Real(0.0)"),
            ("double('NaN')", "misfit"),
            ("double(3)", "Integer(3)"),
            ("boolean('true')", "Integer(1)"),
            ("boolean(' OF ')", "Integer(0)"),
            ("boolean('o')", "misfit"),
            ("boolean('')", "misfit"),
            ("boolean('yess')", "misfit"),
            ("boolean(5)", "Integer(1)"),
            ("boolean(0.5)", "misfit"),
            ("boolean(NULL)", "Null"),
        ] {
            let sql = format!("SELECT twinbase_cast_{call}");
            let found: rusqlite::Result<Value> = connection.query_row(&sql, [], |row| row.get(0));
            let found = match found {
                Ok(value) => format!("{value:?}"),
                Err(Error::SqliteFailure(error, _)) if error.extended_code == CAST_MISFIT => {
                    "misfit".to_owned()
                }
                Err(error) => panic!("{call}: {error}"),
            };
            assert_eq!(found, expected, "{call}");
        }
    }
}
