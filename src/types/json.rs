//! JSON documents.

use std::ops::{Deref, DerefMut};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Any, Database, Decode, Encode};

use super::ValueError;
use super::sql::{decode_text, encode_text};

/// A value of `T` as JSON, in a `JSONB` column.
///
/// `T` is any type of serde's; [`serde_json::Value`] takes what comes. The API shows `T`'s own
/// schema, so a `T` that goes there derives poem-openapi's `Object` beside serde's traits, or is
/// wrapped in poem-openapi's `Any`.
///
/// PostgreSQL normalises what it stores (the order of keys, blanks, `1e2` becomes `100`, `-0.0`
/// becomes `0.0`), SQLite keeps the text: compare in Rust, after reading. serde writes the floats
/// that JSON has no form for (NaN, the infinities) as `null`. What is nested deeper than
/// 127 levels is written but not read back: `serde_json` refuses it.
///
/// ```
/// use twinbase::types::Json;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Preferences {
///     theme: String,
/// }
///
/// let stored = Json(Preferences { theme: "dark".into() });
/// assert_eq!(stored.theme, "dark");
/// assert_eq!(stored.to_text()?, r#"{"theme":"dark"}"#);
/// # Ok::<(), twinbase::types::ValueError>(())
/// ```
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Json<T>(
    /// The value.
    pub T,
);

impl<T> Json<T> {
    /// The value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: Serialize> Json<T> {
    /// The text that is stored.
    ///
    /// # Errors
    ///
    /// [`ValueError::Json`] where serde finds no JSON form (a map whose keys are no strings), and
    /// [`ValueError::NulInJson`].
    pub fn to_text(&self) -> Result<String, ValueError> {
        let text = serde_json::to_string(&self.0).map_err(ValueError::Json)?;
        if holds_nul(&text) {
            return Err(ValueError::NulInJson);
        }
        Ok(text)
    }
}

impl<T: DeserializeOwned> Json<T> {
    /// Reads a stored text.
    ///
    /// # Errors
    ///
    /// [`ValueError::Json`] where the text is no JSON or is not what `T` holds.
    pub fn from_text(text: &str) -> Result<Self, ValueError> {
        serde_json::from_str(text)
            .map(Self)
            .map_err(ValueError::Json)
    }
}

/// Whether a JSON text holds an escaped NUL: backslashes come in pairs or start an escape, so once
/// the pairs are gone each `\u0000` is one.
fn holds_nul(json: &str) -> bool {
    json.contains("\\u0000") && json.replace("\\\\", "").contains("\\u0000")
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> sqlx::Type<Any> for Json<T> {
    fn type_info() -> <Any as Database>::TypeInfo {
        <String as sqlx::Type<Any>>::type_info()
    }
}

impl<T: Serialize> Encode<'_, Any> for Json<T> {
    fn encode_by_ref(
        &self,
        buffer: &mut <Any as Database>::ArgumentBuffer,
    ) -> Result<IsNull, BoxDynError> {
        encode_text(self.to_text()?, buffer)
    }
}

impl<T: DeserializeOwned> Decode<'_, Any> for Json<T> {
    fn decode(value: <Any as Database>::ValueRef<'_>) -> Result<Self, BoxDynError> {
        Ok(Self::from_text(decode_text(value)?)?)
    }
}

mod api {
    //! In the API a `Json<T>` is its `T`.

    use std::borrow::Cow;

    use poem_openapi::registry::{MetaSchemaRef, Registry};
    use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
    use serde_json::Value;

    use super::Json;

    impl<T: Type> Type for Json<T> {
        const IS_REQUIRED: bool = T::IS_REQUIRED;

        type RawValueType = T::RawValueType;

        type RawElementValueType = T::RawElementValueType;

        fn name() -> Cow<'static, str> {
            T::name()
        }

        fn schema_ref() -> MetaSchemaRef {
            T::schema_ref()
        }

        fn register(registry: &mut Registry) {
            T::register(registry);
        }

        fn as_raw_value(&self) -> Option<&Self::RawValueType> {
            self.0.as_raw_value()
        }

        fn raw_element_iter<'a>(
            &'a self,
        ) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
            self.0.raw_element_iter()
        }

        fn is_empty(&self) -> bool {
            self.0.is_empty()
        }

        fn is_none(&self) -> bool {
            self.0.is_none()
        }
    }

    impl<T: ParseFromJSON> ParseFromJSON for Json<T> {
        fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
            T::parse_from_json(value)
                .map(Self)
                .map_err(ParseError::propagate)
        }
    }

    impl<T: ToJSON> ToJSON for Json<T> {
        fn to_json(&self) -> Option<Value> {
            self.0.to_json()
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn nul_is_refused_and_text_that_only_looks_like_it_is_not() {
        for value in [json!("a\0"), json!({"\0": 1}), json!(["\\\0"])] {
            assert!(matches!(Json(value).to_text(), Err(ValueError::NulInJson)));
        }
        for value in [json!("\\u0000"), json!(["\\\\u0000"]), json!("u0000")] {
            let text = Json(value.clone()).to_text().unwrap();
            assert_eq!(Json::<Value>::from_text(&text).unwrap().0, value);
        }
    }

    #[test]
    fn a_document_that_does_not_fit_the_type_is_refused() {
        let error = Json::<Vec<i32>>::from_text("[1,2.5]").unwrap_err();
        assert!(matches!(error, ValueError::Json(_)), "{error}");
    }

    proptest! {
        #[test]
        fn floats_and_text_come_back_as_they_were(
            float in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL,
            text in "[^\\x00]*",
        ) {
            let stored = Json((float, text)).to_text().unwrap();
            let read = Json::<(f64, String)>::from_text(&stored).unwrap();
            prop_assert_eq!(read.0.0.to_bits(), float.to_bits());
            prop_assert_eq!(Json(read.0).to_text().unwrap(), stored);
        }
    }
}
