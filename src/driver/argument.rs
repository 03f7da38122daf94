//! The errors of arguments: what was bound does not fit what the statement asks for.
//!
//! They are found before anything is sent, name the parameter, its type and the kind of the value,
//! and never the value, which may be a secret. They travel in [`sqlx::Error::Encode`].

use sqlx_core::any::{AnyTypeInfoKind, AnyValueKind};
use thiserror::Error;

/// An argument that can't be bound.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ArgumentError {
    /// Fewer or more arguments than the statement has parameters.
    #[error("SQL has {parameters} parameters, {arguments} values were given")]
    Count {
        /// How many parameters the statement has.
        parameters: usize,
        /// How many values were bound.
        arguments: usize,
    },
    /// Text with a NUL character, which PostgreSQL can't store.
    #[error("the text bound to ${parameter} contains a NUL character: remove it, or bind bytes")]
    Nul {
        /// The parameter's number, from 1.
        parameter: usize,
    },
    /// NaN or an infinity, which SQLite can't store or the engines compare differently.
    #[error("the float bound to ${parameter} is NaN or infinite: bind NULL or a finite number")]
    NotFinite {
        /// The parameter's number, from 1.
        parameter: usize,
    },
    /// An integer outside the range of the parameter's type.
    #[error("the integer bound to ${parameter} is out of range for {sql_type}")]
    OutOfRange {
        /// The parameter's number, from 1.
        parameter: usize,
        /// The parameter's type.
        sql_type: String,
    },
    /// A number that the parameter's type can only hold rounded.
    #[error(
        "{kind} bound to ${parameter} has no exact value as {sql_type}: round it before \
         binding, or use a wider column"
    )]
    Inexact {
        /// The parameter's number, from 1.
        parameter: usize,
        /// The parameter's type.
        sql_type: String,
        /// What was bound.
        kind: &'static str,
    },
    /// A value of a kind that the parameter's type doesn't take.
    #[error("${parameter} is {sql_type} and {kind} was bound to it: {remedy}")]
    WrongKind {
        /// The parameter's number, from 1.
        parameter: usize,
        /// The parameter's type.
        sql_type: String,
        /// What was bound.
        kind: &'static str,
        /// What to do about it.
        remedy: &'static str,
    },
    /// Text that isn't a value of the parameter's type.
    #[error("the text bound to ${parameter} is not a value of {sql_type}: {expected}")]
    Malformed {
        /// The parameter's number, from 1.
        parameter: usize,
        /// The parameter's type.
        sql_type: String,
        /// What the text should look like.
        expected: &'static str,
    },
    /// A parameter of a type that has no form in `Any`.
    #[error(
        "${parameter} is {sql_type}, which has no portable form: write \
         CAST(CAST(${parameter} AS TEXT) AS {sql_type}) and bind text"
    )]
    Unsupported {
        /// The parameter's number, from 1.
        parameter: usize,
        /// The parameter's type.
        sql_type: String,
    },
}

/// What is wrong with an argument, before it is known which one it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Fault {
    #[error("out of range")]
    OutOfRange,
    #[error("not exact")]
    Inexact,
    #[error("wrong kind: {0}")]
    WrongKind(&'static str),
    #[error("malformed: {0}")]
    Malformed(&'static str),
    #[error("unsupported")]
    Unsupported,
}

impl Fault {
    pub(crate) const BIND_BOOL: Self = Self::WrongKind("bind a bool");
    pub(crate) const BIND_INTEGER: Self = Self::WrongKind("bind an i64");
    pub(crate) const BIND_FLOAT: Self = Self::WrongKind("bind an f64");
    pub(crate) const BIND_BYTES: Self = Self::WrongKind("bind bytes");
    pub(crate) const BIND_ITS_TYPE: Self = Self::WrongKind("bind a value of the parameter's type");
    pub(crate) const NO_FLOAT_FOR_NUMERIC: Self =
        Self::WrongKind("bind the decimal as text, a float is rarely the number that was meant");
    pub(crate) const NO_FLOAT_FOR_INTEGER: Self = Self::WrongKind(
        "bind an integer, or write CAST($n AS DOUBLE PRECISION) if a float is meant",
    );

    /// The error of this argument: the parameter's number, from 1, its type, and what was bound.
    pub(crate) fn explain(
        self,
        parameter: usize,
        sql_type: String,
        value: &AnyValueKind,
    ) -> ArgumentError {
        let kind = kind_name(value);
        match self {
            Self::OutOfRange => ArgumentError::OutOfRange {
                parameter,
                sql_type,
            },
            Self::Inexact => ArgumentError::Inexact {
                parameter,
                sql_type,
                kind,
            },
            Self::WrongKind(remedy) => ArgumentError::WrongKind {
                parameter,
                sql_type,
                kind,
                remedy,
            },
            Self::Malformed(expected) => ArgumentError::Malformed {
                parameter,
                sql_type,
                expected,
            },
            Self::Unsupported => ArgumentError::Unsupported {
                parameter,
                sql_type,
            },
        }
    }
}

/// The float that equals an integer, if there is one.
pub(crate) fn exact_float(value: i64) -> Option<f64> {
    // A float has 53 bits of mantissa: larger integers are floats if their low bits are zero.
    let significant = 64 - value.unsigned_abs().leading_zeros();
    let significant = significant.saturating_sub(value.trailing_zeros());
    #[expect(
        clippy::cast_precision_loss,
        reason = "no bit is lost up to 53 of them"
    )]
    (significant <= 53).then_some(value as f64)
}

impl From<ArgumentError> for sqlx::Error {
    fn from(error: ArgumentError) -> Self {
        Self::Encode(Box::new(error))
    }
}

/// What a value is called in messages.
fn kind_name(value: &AnyValueKind) -> &'static str {
    match value {
        AnyValueKind::Bool(_) => "a boolean",
        AnyValueKind::SmallInt(_) | AnyValueKind::Integer(_) | AnyValueKind::BigInt(_) => {
            "an integer"
        }
        AnyValueKind::Real(_) | AnyValueKind::Double(_) => "a float",
        AnyValueKind::Text(_) | AnyValueKind::TextSlice(_) => "text",
        AnyValueKind::Blob(_) => "bytes",
        _ => "NULL",
    }
}

/// Refuses what no engine may be given: NUL in text, NaN and the infinities.
///
/// # Errors
///
/// [`ArgumentError::Nul`] or [`ArgumentError::NotFinite`] of the first such value.
pub(crate) fn refuse_unstorable(values: &[AnyValueKind]) -> Result<(), ArgumentError> {
    for (index, value) in values.iter().enumerate() {
        let parameter = index + 1;
        let (nul, finite) = match value {
            AnyValueKind::Text(text) => (text.as_bytes().contains(&0), true),
            AnyValueKind::TextSlice(text) => (text.as_bytes().contains(&0), true),
            AnyValueKind::Real(float) => (false, float.is_finite()),
            AnyValueKind::Double(float) => (false, float.is_finite()),
            _ => (false, true),
        };
        if nul {
            return Err(ArgumentError::Nul { parameter });
        }
        if !finite {
            return Err(ArgumentError::NotFinite { parameter });
        }
    }
    Ok(())
}

/// The kind of a value, or the declared one of a NULL.
pub(crate) fn declared_kind(value: &AnyValueKind) -> AnyTypeInfoKind {
    match value {
        AnyValueKind::Null(kind) => *kind,
        AnyValueKind::Bool(_) => AnyTypeInfoKind::Bool,
        AnyValueKind::SmallInt(_) => AnyTypeInfoKind::SmallInt,
        AnyValueKind::Integer(_) => AnyTypeInfoKind::Integer,
        AnyValueKind::BigInt(_) => AnyTypeInfoKind::BigInt,
        AnyValueKind::Real(_) => AnyTypeInfoKind::Real,
        AnyValueKind::Double(_) => AnyTypeInfoKind::Double,
        AnyValueKind::Text(_) | AnyValueKind::TextSlice(_) => AnyTypeInfoKind::Text,
        AnyValueKind::Blob(_) => AnyTypeInfoKind::Blob,
        _ => AnyTypeInfoKind::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_becomes_a_float_only_where_it_is_one() {
        for (value, exact) in [
            (0, true),
            (1 << 53, true),
            ((1 << 53) + 1, false),
            ((1 << 53) + 2, true),
            (i64::MIN, true),
            (i64::MAX, false),
            (-((1 << 53) + 1), false),
        ] {
            assert_eq!(exact_float(value).is_some(), exact, "{value}");
        }
    }
}
