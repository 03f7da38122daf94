//! poem-openapi's traits for the types that the API shows as strings.

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};

/// What the API document says of such a type.
pub(super) struct StringSchema {
    /// The OpenAPI format.
    pub(super) format: &'static str,
    /// An example value.
    pub(super) example: &'static str,
    /// What is taken beyond the format, as a regular expression.
    pub(super) pattern: Option<&'static str>,
    /// One sentence for the reader of the document.
    pub(super) description: &'static str,
}

impl StringSchema {
    /// The schema, written at each place of use.
    pub(super) fn inline(&self) -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            example: Some(self.example.into()),
            pattern: self.pattern.map(str::to_owned),
            description: Some(self.description),
            ..MetaSchema::new_with_format("string", self.format)
        }))
    }
}

/// `Type`, `ParseFromJSON`, `ParseFromParameter`, `ParseFromMultipartField`, `ToJSON` and
/// `ToHeader` over `FromStr` and `Display`.
macro_rules! api_string {
    ($type:ty, $schema:expr) => {
        impl poem_openapi::types::Type for $type {
            const IS_REQUIRED: bool = true;

            type RawValueType = Self;

            type RawElementValueType = Self;

            fn name() -> std::borrow::Cow<'static, str> {
                format!("string_{}", $schema.format).into()
            }

            fn schema_ref() -> poem_openapi::registry::MetaSchemaRef {
                $schema.inline()
            }

            fn as_raw_value(&self) -> Option<&Self::RawValueType> {
                Some(self)
            }

            fn raw_element_iter<'a>(
                &'a self,
            ) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
                Box::new(self.as_raw_value().into_iter())
            }
        }

        impl poem_openapi::types::ParseFromJSON for $type {
            fn parse_from_json(
                value: Option<serde_json::Value>,
            ) -> poem_openapi::types::ParseResult<Self> {
                match value.unwrap_or_default() {
                    serde_json::Value::String(text) => Ok(text.parse()?),
                    other => Err(poem_openapi::types::ParseError::expected_type(other)),
                }
            }
        }

        impl poem_openapi::types::ParseFromParameter for $type {
            fn parse_from_parameter(value: &str) -> poem_openapi::types::ParseResult<Self> {
                Ok(value.parse()?)
            }
        }

        impl poem_openapi::types::ParseFromMultipartField for $type {
            async fn parse_from_multipart(
                field: Option<poem::web::Field>,
            ) -> poem_openapi::types::ParseResult<Self> {
                match field {
                    Some(field) => Ok(field.text().await?.parse()?),
                    None => Err(poem_openapi::types::ParseError::expected_input()),
                }
            }
        }

        impl poem_openapi::types::ToJSON for $type {
            fn to_json(&self) -> Option<serde_json::Value> {
                Some(serde_json::Value::String(self.to_string()))
            }
        }

        impl poem_openapi::types::ToHeader for $type {
            fn to_header(&self) -> Option<poem::http::HeaderValue> {
                poem::http::HeaderValue::from_str(&self.to_string()).ok()
            }
        }
    };
}

pub(super) use api_string;
