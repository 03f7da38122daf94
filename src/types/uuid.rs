//! Universally unique identifiers.

use std::fmt;
use std::str::FromStr;

use super::ValueError;
use super::openapi::{StringSchema, api_string};
use super::serde_text::{deserializes_from_text, serializes_as_text};
use super::sql::travels_as_text;

/// A UUID, in a `UUID` column.
///
/// Keys are made by the application, on both engines alike, with [`Uuid::now_v7`].
/// It shows as 36 characters, hyphenated and in lower case; upper case is read too. Other forms
/// (without hyphens, in braces, `urn:uuid:`) are refused. The order is that of the bytes, which is
/// PostgreSQL's, and so the order of time among version 7.
///
/// ```
/// use twinbase::types::Uuid;
///
/// let id: Uuid = "0190163D-8694-739B-AEA5-966C26F8AD91".parse()?;
/// assert_eq!(id.to_string(), "0190163d-8694-739b-aea5-966c26f8ad91");
/// assert!(Uuid::now_v7() < Uuid::now_v7());
/// # Ok::<(), twinbase::types::ValueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(uuid::Uuid);

impl Uuid {
    /// A new UUID of version 7 (RFC 9562): the time in milliseconds, then random bits. Within one
    /// process each is greater than the one before, so that an index grows at its end.
    #[must_use]
    pub fn now_v7() -> Self {
        Self(uuid::Uuid::now_v7())
    }

    /// The wrapped value.
    #[must_use]
    pub const fn get(self) -> uuid::Uuid {
        self.0
    }
}

impl From<uuid::Uuid> for Uuid {
    fn from(inner: uuid::Uuid) -> Self {
        Self(inner)
    }
}

impl From<Uuid> for uuid::Uuid {
    fn from(value: Uuid) -> Self {
        value.0
    }
}

impl FromStr for Uuid {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        // Of the forms that the crate reads, only the hyphenated one has this length.
        let parsed = (text.len() == 36)
            .then(|| uuid::Uuid::try_parse(text).ok())
            .flatten();
        parsed.map(Self).ok_or_else(|| {
            ValueError::malformed("a UUID", text, "0190163d-8694-739b-aea5-966c26f8ad91")
        })
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.as_hyphenated(), f)
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const SCHEMA: StringSchema = StringSchema {
    format: "uuid",
    example: "0190163d-8694-739b-aea5-966c26f8ad91",
    pattern: None,
    description: "A UUID.",
};

travels_as_text!(Uuid);
serializes_as_text!(Uuid);
deserializes_from_text!(Uuid, "a UUID in hyphenated form");
api_string!(Uuid, SCHEMA);

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_hyphenated_form_is_read() {
        for text in [
            "",
            "0190163d-8694-739b-aea5-966c26f8ad9",
            "0190163d-8694-739b-aea5-966c26f8ad911",
            "0190163d8694739baea5966c26f8ad91",
            "{0190163d-8694-739b-aea5-966c26f8ad91}",
            "urn:uuid:0190163d-8694-739b-aea5-966c26f8ad91",
            "0190163d-8694-739b-aea5-966c26f8ad9g",
            "0190163d-8694739b--aea5-966c26f8ad91",
        ] {
            let error = text.parse::<Uuid>().unwrap_err();
            assert!(error.to_string().starts_with("not a UUID"), "{error}");
        }
    }

    #[test]
    fn new_ones_are_of_version_seven_and_ascend() {
        let made: Vec<_> = (0..1000).map(|_| Uuid::now_v7()).collect();
        assert!(made.iter().all(|id| id.get().get_version_num() == 7));
        assert!(made.is_sorted_by(|a, b| a < b));
    }

    proptest! {
        #[test]
        fn text_and_order_hold_for_any_value(a: u128, b: u128) {
            let (a, b) = (Uuid(uuid::Uuid::from_u128(a)), Uuid(uuid::Uuid::from_u128(b)));
            prop_assert_eq!(a.to_string().parse::<Uuid>().unwrap(), a);
            prop_assert_eq!(a.to_string().to_uppercase().parse::<Uuid>().unwrap(), a);
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }
    }
}
