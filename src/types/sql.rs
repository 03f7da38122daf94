//! sqlx's traits for the types that travel as text.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Any, Database, Decode, Encode};

/// Binds `text` as the carrier of a value.
pub(super) fn encode_text(
    text: String,
    buffer: &mut <Any as Database>::ArgumentBuffer,
) -> Result<IsNull, BoxDynError> {
    <String as Encode<'_, Any>>::encode(text, buffer)
}

/// The text that carries a value.
pub(super) fn decode_text(value: <Any as Database>::ValueRef<'_>) -> Result<&str, BoxDynError> {
    <&str as Decode<'_, Any>>::decode(value)
}

/// `Type`, `Encode` and `Decode` for a type whose carrier is its `Display` form.
macro_rules! travels_as_text {
    ($type:ty) => {
        impl sqlx::Type<sqlx::Any> for $type {
            fn type_info() -> sqlx::any::AnyTypeInfo {
                <String as sqlx::Type<sqlx::Any>>::type_info()
            }
        }

        impl sqlx::Encode<'_, sqlx::Any> for $type {
            fn encode_by_ref(
                &self,
                buffer: &mut <sqlx::Any as sqlx::Database>::ArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                $crate::types::sql::encode_text(self.to_string(), buffer)
            }
        }

        impl sqlx::Decode<'_, sqlx::Any> for $type {
            fn decode(
                value: <sqlx::Any as sqlx::Database>::ValueRef<'_>,
            ) -> Result<Self, sqlx::error::BoxDynError> {
                Ok($crate::types::sql::decode_text(value)?.parse()?)
            }
        }
    };
}

pub(super) use travels_as_text;
