//! Why a value is refused.

/// Longest part of a refused text that a message repeats, in characters.
const SHOWN: usize = 40;

/// A value that one of the [types](crate::types) does not take.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// The text is not written as the type's values are.
    #[error("not {kind}: {text:?}; write it as {form}")]
    Malformed {
        /// What was wanted, with its article: `a date`.
        kind: &'static str,
        /// The text, cut to its first 40 characters.
        text: String,
        /// How such a value is written.
        form: &'static str,
    },

    /// The value lies outside of what the type, and so both engines, can hold.
    #[error("{kind} out of range: {limit}")]
    OutOfRange {
        /// What was wanted: `date`.
        kind: &'static str,
        /// The limit, and the way out where there is one.
        limit: &'static str,
    },

    /// The value has more digits after the point than the type keeps. It is never rounded.
    #[error("{kind} too precise: {limit}")]
    TooPrecise {
        /// What was wanted: `timestamp`.
        kind: &'static str,
        /// The limit, and the way out where there is one.
        limit: &'static str,
    },

    /// A string inside a JSON value holds the character NUL, which PostgreSQL's JSONB refuses.
    #[error("json holds the character NUL (\\u0000), which JSONB can't store: remove it first")]
    NulInJson,

    /// The Rust value has no JSON form, or the JSON does not fit the Rust type.
    #[error("the value and its JSON do not fit each other")]
    Json(#[source] serde_json::Error),
}

impl ValueError {
    /// A [`ValueError::Malformed`] that repeats the beginning of `text`.
    pub(super) fn malformed(kind: &'static str, text: &str, form: &'static str) -> Self {
        Self::Malformed {
            kind,
            text: text.chars().take(SHOWN).collect(),
            form,
        }
    }
}
