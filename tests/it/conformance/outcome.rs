//! An outcome as text: what a cell holds, and what kind an error is.

use std::fmt::Write as _;

use sqlx::any::{AnyRow, AnyTypeInfoKind};
use sqlx::{Error, Row as _, ValueRef as _};
use twinbase::database::{ErrorKind, Violation};

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

/// The error's kind; of the application's own CHECKs with the name.
fn kind(error: &Error) -> String {
    match (
        ErrorKind::of(error),
        Violation::of(error).and_then(|broken| broken.constraint),
    ) {
        (ErrorKind::Check, Some(name)) => format!("Check {name}"),
        (kind, _) => format!("{kind:?}"),
    }
}
