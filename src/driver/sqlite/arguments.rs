//! Binds the arguments of `Any` to a statement.

use super::targets::Targets;
use rusqlite::Statement;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use sqlx_core::Error;
use sqlx_core::any::AnyValueKind;

use crate::driver::argument::{ArgumentError, refuse_unstorable};

struct Argument<'a>(ToSqlOutput<'a>);

impl ToSql for Argument<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

/// Binds all arguments, each as what its parameter meets.
///
/// # Errors
/// Where they are not as many as the statement's parameters, or one can't be stored as it is.
pub(super) fn bind(
    statement: &mut Statement<'_>,
    values: &[AnyValueKind],
    targets: &Targets,
) -> Result<(), Error> {
    let parameters = statement.parameter_count();
    if parameters != values.len() {
        return Err(ArgumentError::Count {
            parameters,
            arguments: values.len(),
        }
        .into());
    }
    refuse_unstorable(values)?;
    for (at, value) in values.iter().enumerate() {
        let place = at + 1;
        let stored = match targets.at(at) {
            Some(target) => target
                .convert(value)
                .map_err(|fault| fault.explain(place, target.kind.name().to_owned(), value))?,
            None => ToSqlOutput::Borrowed(as_it_is(value, place)?),
        };
        statement
            .raw_bind_parameter(place, Argument(stored))
            .map_err(super::error::SqliteError::from)?;
    }
    Ok(())
}

/// About how many bytes the arguments have.
pub(super) fn size(values: &[AnyValueKind]) -> usize {
    values
        .iter()
        .map(|value| match value {
            AnyValueKind::Text(text) => text.len(),
            AnyValueKind::TextSlice(text) => text.len(),
            AnyValueKind::Blob(bytes) => bytes.len(),
            _ => 8,
        })
        .sum()
}

fn as_it_is(value: &AnyValueKind, place: usize) -> Result<ValueRef<'_>, Error> {
    Ok(match value {
        AnyValueKind::Null(_) => ValueRef::Null,
        AnyValueKind::Bool(value) => ValueRef::Integer(i64::from(*value)),
        AnyValueKind::SmallInt(value) => ValueRef::Integer(i64::from(*value)),
        AnyValueKind::Integer(value) => ValueRef::Integer(i64::from(*value)),
        AnyValueKind::BigInt(value) => ValueRef::Integer(*value),
        AnyValueKind::Real(value) => ValueRef::Real(f64::from(*value)),
        AnyValueKind::Double(value) => ValueRef::Real(*value),
        AnyValueKind::Text(value) => ValueRef::Text(value.as_bytes()),
        AnyValueKind::TextSlice(value) => ValueRef::Text(value.as_bytes()),
        AnyValueKind::Blob(value) => ValueRef::Blob(value),
        other => {
            return Err(Error::Encode(
                format!("argument {place} is of a kind that the driver does not know: {other:?}")
                    .into(),
            ));
        }
    })
}
