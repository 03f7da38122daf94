//! How a decimal number travels: text to and from the databases, a string in JSON.

use std::fmt;

use serde::de::{self, Visitor};
use sqlx::error::BoxDynError;
use sqlx::{Any, Database, Decode, Encode, Type, ValueRef};

use super::Decimal;
use crate::types::openapi::{StringSchema, api_string};
use crate::types::serde_text::serializes_as_text;
use crate::types::sql::{decode_text, encode_text};

impl Type<Any> for Decimal {
    fn type_info() -> <Any as Database>::TypeInfo {
        <String as Type<Any>>::type_info()
    }

    // A sum of integers is NUMERIC on PostgreSQL and an integer on SQLite.
    fn compatible(info: &<Any as Database>::TypeInfo) -> bool {
        *info == Self::type_info() || info.kind().is_integer()
    }
}

impl Encode<'_, Any> for Decimal {
    fn encode_by_ref(
        &self,
        buffer: &mut <Any as Database>::ArgumentBuffer,
    ) -> Result<sqlx::encode::IsNull, BoxDynError> {
        encode_text(self.to_string(), buffer)
    }
}

impl Decode<'_, Any> for Decimal {
    fn decode(value: <Any as Database>::ValueRef<'_>) -> Result<Self, BoxDynError> {
        if value.type_info().kind().is_integer() {
            return Ok(<i64 as Decode<'_, Any>>::decode(value)?.into());
        }
        Ok(decode_text(value)?.parse()?)
    }
}

impl<'de> serde::Deserialize<'de> for Decimal {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DecimalVisitor)
    }
}

struct DecimalVisitor;

impl Visitor<'_> for DecimalVisitor {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal number as a string, or an integer (a float may have lost digits)")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Decimal, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Decimal, E> {
        Ok(Decimal::from(rust_decimal::Decimal::from(value)))
    }
}

const SCHEMA: StringSchema = StringSchema {
    format: "decimal",
    example: "1234.5",
    // All texts of at most 28 digits. A few with 29 are taken as well, up to 2^96 - 1.
    pattern: Some("^[+-]?([0-9]{1,28}|0\\.[0-9]{1,28}|(?=[0-9.]{3,29}$)[0-9]+\\.[0-9]+)$"),
    description: "An exact decimal number of at most 28 digits, as a string, since a JSON number may lose digits on its way.",
};

serializes_as_text!(Decimal);
api_string!(Decimal, SCHEMA);

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn json_is_read_from_strings_and_integers_and_never_from_floats() {
        let read = |json: &str| serde_json::from_str::<Decimal>(json);
        assert_eq!(read("\"0.10\"").unwrap(), decimal("0.1"));
        assert_eq!(read("-7").unwrap(), decimal("-7"));
        assert_eq!(
            read("18446744073709551615").unwrap(),
            decimal("18446744073709551615")
        );
        for json in ["0.1", "1.0", "1e2", "18446744073709551616"] {
            let error = read(json).unwrap_err();
            assert!(error.to_string().contains("float"), "{json}: {error}");
        }
    }
}
