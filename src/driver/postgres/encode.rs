//! Arguments into the binary form of the type that the server gave their parameter.
//!
//! SQLx sends every argument in binary, so each (kind of value, type) has its own form here, and
//! what would have to be rounded, cut off or guessed is an error.

use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgTypeInfo, Postgres};
use sqlx::{Arguments, Type};
use sqlx_core::any::AnyValueKind;

use crate::driver::argument::{ArgumentError, Fault, exact_float};
use crate::driver::{decimal, moment, uuid};

use super::numeric;
use super::server_type::{ServerType, type_name};

/// A parameter as the server described it.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub(super) info: PgTypeInfo,
    pub(super) server_type: ServerType,
}

/// Why one argument does not fit.
#[derive(Debug)]
pub(super) struct Misfit {
    /// The parameter's index, from 0.
    pub(super) index: usize,
    pub(super) error: ArgumentError,
}

impl Misfit {
    /// Whether the server may take the argument if it is told its Rust type: it inferred text for
    /// want of anything better, or a narrower integer than the argument needs.
    ///
    /// In a statement that `writes` it may be text because the column is: bytes, booleans and floats
    /// would be stored there as the server spells them.
    pub(super) fn may_be_declared(&self, parameters: &[Parameter], writes: bool) -> bool {
        match self.error {
            ArgumentError::WrongKind { kind, .. } => {
                parameters[self.index].server_type == ServerType::Text
                    && (!writes || kind == "an integer")
            }
            ArgumentError::OutOfRange { .. } => true,
            _ => false,
        }
    }
}

/// Encodes all arguments, one a parameter.
///
/// # Errors
///
/// Every argument that does not fit.
pub(super) fn encode(
    parameters: &[Parameter],
    values: &[AnyValueKind],
) -> Result<PgArguments, Vec<Misfit>> {
    let mut arguments = PgArguments::default();
    arguments.reserve(values.len(), values.len() * 16);
    let mut misfits = Vec::new();
    for (index, (parameter, value)) in parameters.iter().zip(values).enumerate() {
        let added = arguments.add(Argument { parameter, value });
        if let Err(error) = added {
            // SQLx's own complaint is about values of more than 2 GiB.
            let fault = match error.downcast::<Fault>() {
                Ok(fault) => *fault,
                Err(_) => Fault::Malformed("it is too long to be sent"),
            };
            let error = fault.explain(index + 1, type_name(&parameter.info), value);
            misfits.push(Misfit { index, error });
        }
    }
    if misfits.is_empty() {
        Ok(arguments)
    } else {
        Err(misfits)
    }
}

/// An argument on its way into [`PgArguments`], with the server's type instead of a Rust one.
struct Argument<'a> {
    parameter: &'a Parameter,
    value: &'a AnyValueKind,
}

impl Type<Postgres> for Argument<'_> {
    fn type_info() -> PgTypeInfo {
        // Never used: `produces` gives the type of each argument.
        <str as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for Argument<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let server_type = self.parameter.server_type;
        match self.value {
            AnyValueKind::Null(_) => return Ok(IsNull::Yes),
            AnyValueKind::Bool(value) => boolean(*value, server_type, buffer),
            AnyValueKind::SmallInt(value) => integer(i64::from(*value), server_type, buffer),
            AnyValueKind::Integer(value) => integer(i64::from(*value), server_type, buffer),
            AnyValueKind::BigInt(value) => integer(*value, server_type, buffer),
            AnyValueKind::Real(value) => float(f64::from(*value), server_type, buffer),
            AnyValueKind::Double(value) => float(*value, server_type, buffer),
            AnyValueKind::Text(value) => text(value, server_type, buffer),
            AnyValueKind::TextSlice(value) => text(value, server_type, buffer),
            AnyValueKind::Blob(value) => bytes(value, server_type, buffer),
            // The enum may grow in another version of SQLx, which is pinned.
            _ => Err(Fault::Unsupported),
        }?;
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(self.parameter.info.clone())
    }
}

fn boolean(value: bool, to: ServerType, buffer: &mut Vec<u8>) -> Result<(), Fault> {
    match to {
        ServerType::Bool => buffer.push(u8::from(value)),
        ServerType::Other => return Err(Fault::Unsupported),
        _ => return Err(Fault::BIND_ITS_TYPE),
    }
    Ok(())
}

fn integer(value: i64, to: ServerType, buffer: &mut Vec<u8>) -> Result<(), Fault> {
    match to {
        ServerType::Int8 => buffer.extend(value.to_be_bytes()),
        ServerType::Int4 => {
            let value = i32::try_from(value).map_err(|_| Fault::OutOfRange)?;
            buffer.extend(value.to_be_bytes());
        }
        ServerType::Int2 => {
            let value = i16::try_from(value).map_err(|_| Fault::OutOfRange)?;
            buffer.extend(value.to_be_bytes());
        }
        ServerType::Numeric => {
            numeric::encode(&value.to_string(), buffer).ok_or(Fault::OutOfRange)?;
        }
        ServerType::Float8 | ServerType::Float4 => {
            let exact = exact_float(value).ok_or(Fault::Inexact)?;
            float(exact, to, buffer)?;
        }
        ServerType::Bool => return Err(Fault::BIND_BOOL),
        ServerType::Other => return Err(Fault::Unsupported),
        _ => return Err(Fault::BIND_ITS_TYPE),
    }
    Ok(())
}

fn float(value: f64, to: ServerType, buffer: &mut Vec<u8>) -> Result<(), Fault> {
    match to {
        ServerType::Float8 => buffer.extend(value.to_be_bytes()),
        ServerType::Float4 => {
            #[expect(clippy::cast_possible_truncation, reason = "compared right after")]
            let narrow = value as f32;
            // By bits, so that -0.0 is itself.
            if f64::from(narrow).to_bits() != value.to_bits() {
                return Err(Fault::Inexact);
            }
            buffer.extend(narrow.to_be_bytes());
        }
        ServerType::Numeric => {
            return Err(Fault::NO_FLOAT_FOR_NUMERIC);
        }
        ServerType::Int2 | ServerType::Int4 | ServerType::Int8 => {
            return Err(Fault::NO_FLOAT_FOR_INTEGER);
        }
        ServerType::Other => return Err(Fault::Unsupported),
        _ => return Err(Fault::BIND_ITS_TYPE),
    }
    Ok(())
}

fn bytes(value: &[u8], to: ServerType, buffer: &mut Vec<u8>) -> Result<(), Fault> {
    match to {
        ServerType::Bytea => buffer.extend_from_slice(value),
        ServerType::Other => return Err(Fault::Unsupported),
        _ => return Err(Fault::BIND_ITS_TYPE),
    }
    Ok(())
}

fn text(value: &str, to: ServerType, buffer: &mut Vec<u8>) -> Result<(), Fault> {
    let malformed = Fault::Malformed;
    match to {
        ServerType::Text | ServerType::Enum | ServerType::Json => {
            buffer.extend_from_slice(value.as_bytes());
        }
        ServerType::Jsonb => {
            // The version of the form, the only one there is (`jsonb_recv`).
            buffer.push(1);
            buffer.extend_from_slice(value.as_bytes());
        }
        ServerType::Char => match value.as_bytes() {
            [byte] if byte.is_ascii() => buffer.push(*byte),
            _ => return Err(malformed("it takes one ASCII character")),
        },
        ServerType::Uuid => {
            let bytes = uuid::parse(value).ok_or(malformed(uuid::EXPECTED))?;
            buffer.extend(bytes);
        }
        ServerType::Numeric => {
            numeric::encode(value, buffer).ok_or(malformed(decimal::EXPECTED))?;
        }
        ServerType::TimestampTz => {
            let expected = moment::EXPECTED_TIMESTAMPTZ;
            let micros = moment::parse_timestamptz(value)
                .map_err(|fault| malformed(fault.explain(expected)))?;
            buffer.extend(micros.to_be_bytes());
        }
        ServerType::Timestamp => {
            let expected = "write 2024-02-29T12:00:00.000000, without an offset";
            let micros = moment::parse_timestamp(value)
                .map_err(|fault| malformed(fault.explain(expected)))?;
            buffer.extend(micros.to_be_bytes());
        }
        ServerType::Date => {
            let expected = moment::EXPECTED_DATE;
            let days =
                moment::parse_date(value).map_err(|fault| malformed(fault.explain(expected)))?;
            buffer.extend(days.to_be_bytes());
        }
        ServerType::Time => {
            let expected = "write 12:00:00.000000";
            let micros =
                moment::parse_time(value).map_err(|fault| malformed(fault.explain(expected)))?;
            buffer.extend(micros.to_be_bytes());
        }
        ServerType::Bool => return Err(Fault::BIND_BOOL),
        ServerType::Int2 | ServerType::Int4 | ServerType::Int8 => {
            return Err(Fault::BIND_INTEGER);
        }
        ServerType::Float4 | ServerType::Float8 => return Err(Fault::BIND_FLOAT),
        ServerType::Bytea => return Err(Fault::BIND_BYTES),
        ServerType::Void | ServerType::Other => return Err(Fault::Unsupported),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(encoder: impl FnOnce(&mut Vec<u8>) -> Result<(), Fault>) -> Result<Vec<u8>, String> {
        let mut buffer = Vec::new();
        encoder(&mut buffer)
            .map(|()| buffer)
            .map_err(|fault| fault.to_string())
    }

    #[test]
    fn an_integer_is_checked_against_the_width() {
        let int = |value, to| encoded(|buffer| integer(value, to, buffer)).is_ok();
        assert!(int(32_767, ServerType::Int2) && !int(32_768, ServerType::Int2));
        assert!(int(-32_768, ServerType::Int2) && !int(-32_769, ServerType::Int2));
        assert!(int(i64::from(i32::MIN), ServerType::Int4));
        assert!(!int(i64::from(i32::MIN) - 1, ServerType::Int4));
        assert!(int(i64::MIN, ServerType::Int8) && int(i64::MIN, ServerType::Numeric));
    }

    #[test]
    fn a_float_is_never_rounded_into_a_real() {
        let real = |value| encoded(|buffer| float(value, ServerType::Float4, buffer)).is_ok();
        assert!(real(0.5) && real(-0.0) && real(f64::from(0.1_f32)));
        assert!(!real(0.1) && !real(1e300) && !real(5e-324));
    }

    #[test]
    fn kinds_are_not_mixed() {
        for to in [
            ServerType::Int8,
            ServerType::Numeric,
            ServerType::Bool,
            ServerType::Text,
        ] {
            assert!(encoded(|buffer| float(1.0, to, buffer)).is_err(), "{to:?}");
        }
        for to in [
            ServerType::Int8,
            ServerType::Float8,
            ServerType::Bool,
            ServerType::Bytea,
        ] {
            assert!(encoded(|buffer| text("1", to, buffer)).is_err(), "{to:?}");
        }
        for to in [ServerType::Int8, ServerType::Text, ServerType::Bytea] {
            assert!(
                encoded(|buffer| boolean(true, to, buffer)).is_err(),
                "{to:?}"
            );
        }
    }

    #[test]
    fn jsonb_starts_with_its_version() {
        let bytes = encoded(|buffer| text("{}", ServerType::Jsonb, buffer));
        assert_eq!(bytes, Ok(b"\x01{}".to_vec()));
    }
}
