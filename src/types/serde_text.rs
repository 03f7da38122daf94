//! serde's traits for the types whose canonical form is text.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Error, Visitor};

use super::ValueError;

/// Reads a string with the type's `FromStr`.
pub(super) struct TextVisitor<T> {
    /// What is expected, for the messages: `an RFC 3339 timestamp`.
    pub(super) expected: &'static str,
    /// The type that is read.
    pub(super) of: PhantomData<T>,
}

impl<T: FromStr<Err = ValueError>> Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// `Serialize` as the `Display` form.
macro_rules! serializes_as_text {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

/// `Deserialize` with `FromStr`, from nothing but a string.
macro_rules! deserializes_from_text {
    ($type:ty, $expected:literal) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str($crate::types::serde_text::TextVisitor::<$type> {
                    expected: $expected,
                    of: std::marker::PhantomData,
                })
            }
        }
    };
}

pub(super) use {deserializes_from_text, serializes_as_text};
