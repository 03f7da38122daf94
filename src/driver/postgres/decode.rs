//! Columns into the kinds of `Any`, from the binary form of prepared statements and from the text
//! form of statements without arguments.

use std::sync::Arc;

use sqlx_core::any::{AnyTypeInfoKind, AnyValue, AnyValueKind};
use thiserror::Error;

use crate::driver::moment::{self, MomentFault};
use crate::driver::uuid;

use super::numeric::{self, NumericFault};
use super::server_type::ServerType;

/// A stored value that has no form in `Any`. It travels in [`sqlx::Error::ColumnDecode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// `infinity` or `-infinity` in a date or timestamp.
    #[error("it holds infinity, which has no portable form: store NULL or a far date")]
    Infinite,
    /// A date or timestamp before the year 0001 or after 9999.
    #[error("it holds a year outside 0001 to 9999, which has no portable form")]
    Year,
    /// NaN or an infinity in a NUMERIC.
    #[error("it holds NaN or infinity, which has no portable form: store NULL")]
    NotFinite,
    /// The server's answer is not in the form that its type has.
    #[error("the server sent it in an unknown form: is DateStyle ISO and the encoding UTF8?")]
    Malformed,
}

impl From<MomentFault> for DecodeError {
    fn from(fault: MomentFault) -> Self {
        match fault {
            MomentFault::Infinite => Self::Infinite,
            MomentFault::Year => Self::Year,
            MomentFault::Malformed => Self::Malformed,
        }
    }
}

impl From<NumericFault> for DecodeError {
    fn from(fault: NumericFault) -> Self {
        match fault {
            NumericFault::NotFinite => Self::NotFinite,
            NumericFault::Malformed => Self::Malformed,
        }
    }
}

/// Adds a value in the binary form of its type. It is written where it is to stay: results of
/// results that are copied from place to place cost more than the decoding.
pub(super) fn push_binary(
    from: ServerType,
    bytes: &[u8],
    values: &mut Vec<AnyValue>,
) -> Result<(), DecodeError> {
    let mut push = |kind| values.push(AnyValue { kind });
    match from {
        ServerType::Int8 => push(AnyValueKind::BigInt(i64::from_be_bytes(array(bytes)?))),
        ServerType::Int4 => push(AnyValueKind::BigInt(
            i32::from_be_bytes(array(bytes)?).into(),
        )),
        ServerType::Int2 => push(AnyValueKind::BigInt(
            i16::from_be_bytes(array(bytes)?).into(),
        )),
        ServerType::Float8 => push(AnyValueKind::Double(f64::from_be_bytes(array(bytes)?))),
        ServerType::Float4 => push(AnyValueKind::Real(f32::from_be_bytes(array(bytes)?))),
        ServerType::Bool => push(AnyValueKind::Bool(bytes != [0])),
        ServerType::Bytea => push(AnyValueKind::Blob(Arc::new(bytes.to_vec()))),
        ServerType::Void => push(AnyValueKind::Null(AnyTypeInfoKind::Null)),
        ServerType::Other => return Err(DecodeError::Malformed),
        _ => push(AnyValueKind::Text(Arc::new(text_of_binary(from, bytes)?))),
    }
    Ok(())
}

/// The text of a type that travels as text.
fn text_of_binary(from: ServerType, bytes: &[u8]) -> Result<String, DecodeError> {
    Ok(match from {
        ServerType::Uuid => uuid::format(array(bytes)?),
        ServerType::TimestampTz => {
            moment::format_timestamp(i64::from_be_bytes(array(bytes)?), "Z")?
        }
        ServerType::Timestamp => moment::format_timestamp(i64::from_be_bytes(array(bytes)?), "")?,
        ServerType::Date => moment::format_date(i32::from_be_bytes(array(bytes)?))?,
        ServerType::Time => moment::format_time(i64::from_be_bytes(array(bytes)?))?,
        ServerType::Numeric => numeric::decode(bytes)?,
        ServerType::Jsonb => match bytes {
            [1, json @ ..] => string(json)?,
            _ => return Err(DecodeError::Malformed),
        },
        _ => string(bytes)?,
    })
}

/// Adds a value in the text form of its type.
pub(super) fn push_text(
    from: ServerType,
    bytes: &[u8],
    values: &mut Vec<AnyValue>,
) -> Result<(), DecodeError> {
    let malformed = DecodeError::Malformed;
    let text = std::str::from_utf8(bytes).map_err(|_| malformed)?;
    let kind = match from {
        ServerType::Int8 | ServerType::Int4 | ServerType::Int2 => {
            AnyValueKind::BigInt(text.parse().map_err(|_| malformed)?)
        }
        ServerType::Float8 => AnyValueKind::Double(text.parse().map_err(|_| malformed)?),
        ServerType::Float4 => AnyValueKind::Real(text.parse().map_err(|_| malformed)?),
        ServerType::Bool => match text {
            "t" => AnyValueKind::Bool(true),
            "f" => AnyValueKind::Bool(false),
            _ => return Err(malformed),
        },
        ServerType::Bytea => AnyValueKind::Blob(Arc::new(unescape(bytes).ok_or(malformed)?)),
        ServerType::Void => AnyValueKind::Null(AnyTypeInfoKind::Null),
        ServerType::Other => return Err(malformed),
        _ => AnyValueKind::Text(Arc::new(text_of_text(from, text)?)),
    };
    values.push(AnyValue { kind });
    Ok(())
}

/// The text of a type that travels as text, in the one form that `Any` has for it.
fn text_of_text(from: ServerType, text: &str) -> Result<String, DecodeError> {
    Ok(match from {
        ServerType::Uuid => uuid::parse(text)
            .map(uuid::format)
            .ok_or(DecodeError::Malformed)?,
        ServerType::TimestampTz => moment::format_timestamp(moment::parse_timestamptz(text)?, "Z")?,
        ServerType::Timestamp => moment::format_timestamp(moment::parse_timestamp(text)?, "")?,
        ServerType::Date => moment::format_date(moment::parse_date(text)?)?,
        ServerType::Time => moment::format_time(moment::parse_time(text)?)?,
        ServerType::Numeric => numeric::normalise(text)?,
        _ => text.to_owned(),
    })
}

fn string(bytes: &[u8]) -> Result<String, DecodeError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(DecodeError::Malformed),
    }
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], DecodeError> {
    bytes.try_into().map_err(|_| DecodeError::Malformed)
}

/// The bytes of BYTEA's text form: `\x` and hexadecimal digits, or the older one with octal
/// escapes, if `bytea_output` asks for it.
fn unescape(text: &[u8]) -> Option<Vec<u8>> {
    if let Some(digits) = text.strip_prefix(b"\\x") {
        let nibble = |byte: u8| u8::try_from(char::from(byte).to_digit(16)?).ok();
        return digits
            .chunks(2)
            .map(|pair| match *pair {
                [high, low] => Some(nibble(high)? << 4 | nibble(low)?),
                _ => None,
            })
            .collect();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        rest = match *rest {
            [] => return Some(bytes),
            [b'\\', b'\\', ref after @ ..] => {
                bytes.push(b'\\');
                after
            }
            [b'\\', a, b, c, ref after @ ..] => {
                let octal = [a, b, c];
                let octal = std::str::from_utf8(&octal).ok()?;
                bytes.push(u8::from_str_radix(octal, 8).ok()?);
                after
            }
            [b'\\', ..] => return None,
            [byte, ref after @ ..] => {
                bytes.push(byte);
                after
            }
        };
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn decode_binary(from: ServerType, bytes: &[u8]) -> Result<AnyValueKind, DecodeError> {
        let mut values = Vec::new();
        push_binary(from, bytes, &mut values)?;
        Ok(values.remove(0).kind)
    }

    fn decode_text(from: ServerType, bytes: &[u8]) -> Result<AnyValueKind, DecodeError> {
        let mut values = Vec::new();
        push_text(from, bytes, &mut values)?;
        Ok(values.remove(0).kind)
    }

    #[test]
    fn both_forms_of_bytea_are_read() {
        assert_eq!(unescape(b"\\x00ff41").unwrap(), [0, 255, 0x41]);
        assert_eq!(unescape(b"\\x").unwrap(), [] as [u8; 0]);
        assert_eq!(unescape(b"a\\\\b\\000\\377").unwrap(), b"a\\b\0\xff");
        for text in ["\\x0", "\\x0g", "\\9", "\\", "\\400"] {
            assert_eq!(unescape(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn bytes_of_the_wrong_length_are_refused() {
        for from in [
            ServerType::Int2,
            ServerType::Int8,
            ServerType::Float8,
            ServerType::Uuid,
            ServerType::Date,
            ServerType::TimestampTz,
            ServerType::Jsonb,
        ] {
            let decoded = decode_binary(from, &[0, 0, 0]);
            assert_eq!(decoded.unwrap_err(), DecodeError::Malformed, "{from:?}");
        }
    }

    #[test]
    fn the_text_form_gives_what_the_binary_form_gives() {
        let pairs: [(ServerType, &str, &[u8]); 8] = [
            (ServerType::Bool, "t", &[1]),
            (ServerType::Int2, "-2", &[0xff, 0xfe]),
            (ServerType::Float8, "0.5", &0.5_f64.to_be_bytes()),
            (ServerType::Date, "2000-01-02", &[0, 0, 0, 1]),
            (ServerType::Time, "00:00:01", &1_000_000_i64.to_be_bytes()),
            (ServerType::TimestampTz, "2000-01-01 02:00:00+02", &[0; 8]),
            (ServerType::Timestamp, "2000-01-01 00:00:00", &[0; 8]),
            (ServerType::Jsonb, "{}", b"\x01{}"),
        ];
        for (from, text, binary) in pairs {
            let text = decode_text(from, text.as_bytes()).unwrap();
            let binary = decode_binary(from, binary).unwrap();
            assert_eq!(format!("{text:?}"), format!("{binary:?}"));
        }
    }

    #[test]
    fn infinity_and_far_years_are_named() {
        let max = i64::MAX.to_be_bytes();
        let decoded = decode_binary(ServerType::TimestampTz, &max);
        assert_eq!(decoded.unwrap_err(), DecodeError::Infinite);
        let far = (8_000_000_000_000_000_000_i64).to_be_bytes();
        let decoded = decode_binary(ServerType::TimestampTz, &far[..]);
        assert_eq!(decoded.unwrap_err(), DecodeError::Year);
    }
}
