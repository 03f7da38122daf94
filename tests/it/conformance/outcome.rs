//! An outcome as text: what a cell holds, and what kind an error is.

use std::fmt::Write as _;

use sqlx::any::{AnyRow, AnyTypeInfoKind};
use sqlx::error::ErrorKind;
use sqlx::{Error, Row as _, ValueRef as _};
use twinbase::driver::ArgumentError;
use twinbase::driver::sqlite::{SqliteError, SqliteErrorCause};
use twinbase::migration::translate::TYPE_CHECK_PREFIX;

/// A cell, so that a value's kind shows: `1`, `1.0`, `true`, `'1'`, `x'01'`, `NULL`.
pub(super) fn show(row: &AnyRow, at: usize) -> Result<String, Error> {
    let value = row.try_get_raw(at)?;
    if value.is_null() {
        return Ok("NULL".to_owned());
    }
    Ok(match value.type_info().kind() {
        AnyTypeInfoKind::Bool => row.try_get::<bool, _>(at)?.to_string(),
        AnyTypeInfoKind::SmallInt | AnyTypeInfoKind::Integer | AnyTypeInfoKind::BigInt => {
            row.try_get::<i64, _>(at)?.to_string()
        }
        AnyTypeInfoKind::Real => format!("{:?}", row.try_get::<f32, _>(at)?),
        AnyTypeInfoKind::Double => format!("{:?}", row.try_get::<f64, _>(at)?),
        AnyTypeInfoKind::Text => format!("'{}'", row.try_get::<String, _>(at)?),
        AnyTypeInfoKind::Blob => {
            let bytes: Vec<u8> = row.try_get(at)?;
            let mut digits = String::new();
            for byte in bytes {
                write!(digits, "{byte:02x}").expect("a String takes any text");
            }
            format!("x'{digits}'")
        }
        AnyTypeInfoKind::Null => "NULL".to_owned(),
    })
}

/// An error as `refused: ` and its kind, which means the same on both engines.
pub(super) fn refused(error: &Error) -> String {
    format!("refused: {}", kind(error))
}

/// The kinds of [`twinbase::database::ErrorKind`] that cases provoke; CHECK with its name.
fn kind(error: &Error) -> String {
    match error {
        Error::Database(database) => match database.kind() {
            ErrorKind::UniqueViolation => "Unique".to_owned(),
            ErrorKind::ForeignKeyViolation => "ForeignKey".to_owned(),
            ErrorKind::NotNullViolation => "NotNull".to_owned(),
            ErrorKind::CheckViolation => {
                let name = database.constraint().unwrap_or("?");
                if name.starts_with(TYPE_CHECK_PREFIX) {
                    "Data".to_owned()
                } else {
                    format!("Check {name}")
                }
            }
            _ => database
                .try_downcast_ref::<SqliteError>()
                .map_or_else(
                    || sqlstate(&database.code().unwrap_or_default()),
                    sqlite_cause,
                )
                .to_owned(),
        },
        Error::Encode(source) => match source.downcast_ref() {
            Some(ArgumentError::Count { .. }) => "Statement".to_owned(),
            _ => "Data".to_owned(),
        },
        Error::Decode(_) | Error::ColumnDecode { .. } => "Data".to_owned(),
        other => format!("{other:?}"),
    }
}

/// By class: `PostgreSQL`'s manual, appendix A.
fn sqlstate(code: &str) -> &'static str {
    match code {
        "25P02" => "TransactionFailed",
        "40001" | "40P01" | "55P03" => "Retryable",
        _ => match code.get(..2) {
            Some("21" | "42" | "0A" | "54") => "Statement",
            Some("22") => "Data",
            _ => "Other",
        },
    }
}

fn sqlite_cause(error: &SqliteError) -> &'static str {
    use SqliteErrorCause as Cause;
    match error.cause() {
        Cause::Busy | Cause::BusySnapshot | Cause::Locked => "Retryable",
        Cause::RolledBack => "TransactionFailed",
        Cause::Mismatch | Cause::TooBig => "Data",
        Cause::Statement => "Statement",
        _ => "Other",
    }
}
