//! The kinds of value that a key can have: how each is read from text, and shown.

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::nearest::nearest;
use super::url::DatabaseUrl;

/// How the value of a key is read from text, and shown.
pub(super) trait Kind {
    /// The type of the field in its section.
    type Value: PartialEq;
    /// Whether the text must never be shown.
    const SECRET: bool = false;

    /// Reads a value. The error completes "`database.pool_size`: …" and holds no secret.
    fn parse(&self, text: &str) -> Result<Self::Value, String>;

    /// The value as it is shown, redacted.
    fn show(&self, value: &Self::Value) -> Shown;
}

/// A value as it is shown: these are the types that TOML and JSON share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Text(String),
    Number(u64),
    Flag(bool),
}

impl Shown {
    /// As it is written in TOML. JSON's escapes are all valid in TOML's basic strings; only DEL,
    /// which JSON leaves as it is, needs one more.
    pub(super) fn to_toml(&self) -> String {
        self.to_json().to_string().replace('\u{7f}', "\\u007f")
    }

    pub(super) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Number(number) => (*number).into(),
            Self::Flag(flag) => (*flag).into(),
        }
    }

    /// The text that the key's kind reads back.
    pub(super) fn to_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
        }
    }
}

/// A value for a message, in quotes, on one line and short. What looks like a URL may have ended
/// up in the wrong key with its password, so that it isn't repeated.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.contains("://") || text.contains('@') {
        return "a value that looks like a URL (not shown)".to_owned();
    }
    if text.is_empty() {
        return "an empty value".to_owned();
    }
    let short: String = text.chars().take(LONGEST).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("\"{}{more}\"", short.escape_debug())
}

/// The message for a value outside its range.
pub(super) fn out_of_range(value: impl Display, low: impl Display, high: impl Display) -> String {
    format!("{value} is out of range, which is {low} to {high}")
}

/// A whole number in a range.
pub(super) struct Whole<T>(RangeInclusive<T>);

/// A whole number in `range`.
pub(super) fn whole<T>(range: RangeInclusive<T>) -> Whole<T> {
    Whole(range)
}

impl<T: FromStr + PartialOrd + Display + Copy + Into<u64>> Kind for Whole<T> {
    type Value = T;

    fn parse(&self, text: &str) -> Result<T, String> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("{} is not a whole number", quoted(text)));
        }
        match text.parse::<T>() {
            Ok(value) if self.0.contains(&value) => Ok(value),
            _ => Err(out_of_range(quoted(text), self.0.start(), self.0.end())),
        }
    }

    fn show(&self, value: &T) -> Shown {
        Shown::Number((*value).into())
    }
}

/// A switch.
pub(super) struct Flag;

impl Kind for Flag {
    type Value = bool;

    fn parse(&self, text: &str) -> Result<bool, String> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(format!(
                "{} is not true or false (yes and no, on and off, 1 and 0 are read too)",
                quoted(text)
            )),
        }
    }

    fn show(&self, value: &bool) -> Shown {
        Shown::Flag(*value)
    }
}

/// A value of a fixed set, each with its names.
pub(super) trait Choice: Copy + PartialEq + 'static {
    /// The names and what they mean; where a value has more than one name, the first is shown.
    const NAMES: &'static [(&'static str, Self)];

    /// The name that is shown.
    fn choice_name(self) -> &'static str {
        let named = Self::NAMES.iter().find(|(_, value)| *value == self);
        named.map_or("", |(name, _)| *name)
    }
}

/// One of a fixed set of names.
pub(super) struct OneOf<T>(PhantomData<T>);

/// One of the names of `T`.
pub(super) fn one_of<T: Choice>() -> OneOf<T> {
    OneOf(PhantomData)
}

impl<T: Choice> Kind for OneOf<T> {
    type Value = T;

    fn parse(&self, text: &str) -> Result<T, String> {
        let lower = text.to_ascii_lowercase();
        if let Some((_, value)) = T::NAMES.iter().find(|(name, _)| *name == lower) {
            return Ok(*value);
        }
        let names = || T::NAMES.iter().map(|(name, _)| *name);
        let all: Vec<_> = names().map(|name| format!("\"{name}\"")).collect();
        let hint = nearest(&lower, names())
            .map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
        Err(format!(
            "{} is not one of {}{hint}",
            quoted(text),
            all.join(", ")
        ))
    }

    fn show(&self, value: &T) -> Shown {
        Shown::Text(value.choice_name().to_owned())
    }
}

/// An IP address and a port.
pub(super) struct Address;

impl Kind for Address {
    type Value = SocketAddr;

    fn parse(&self, text: &str) -> Result<SocketAddr, String> {
        let named = text
            .strip_prefix("localhost:")
            .map(|port| format!("127.0.0.1:{port}"));
        text.parse().map_err(|_| {
            let example = named.unwrap_or_else(|| "127.0.0.1:8000 or [::1]:8000".to_owned());
            let value = quoted(text);
            format!(
                "{value} is not an IP address with a port; write it like {}",
                Plain(&example)
            )
        })
    }

    fn show(&self, value: &SocketAddr) -> Shown {
        Shown::Text(value.to_string())
    }
}

/// An example built from what the user wrote, cut to what can be part of an address.
struct Plain<'a>(&'a str);

impl Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |c: &char| c.is_ascii_alphanumeric() || ".:[] ".contains(*c);
        self.0
            .chars()
            .filter(plain)
            .take(40)
            .try_for_each(|c| write!(f, "{c}"))
    }
}

/// Text that a function checks.
pub(super) struct Text(pub(super) fn(&str) -> Result<(), String>);

impl Kind for Text {
    type Value = String;

    fn parse(&self, text: &str) -> Result<String, String> {
        (self.0)(text).map(|()| text.to_owned())
    }

    fn show(&self, value: &String) -> Shown {
        Shown::Text(value.clone())
    }
}

/// A database URL; unset means the default file.
pub(super) struct Url;

impl Kind for Url {
    type Value = Option<DatabaseUrl>;
    const SECRET: bool = true;

    fn parse(&self, text: &str) -> Result<Self::Value, String> {
        text.parse()
            .map(Some)
            .map_err(|error: super::UrlError| error.to_string())
    }

    fn show(&self, value: &Self::Value) -> Shown {
        let unset = DatabaseUrl::default_file;
        Shown::Text(
            value
                .as_ref()
                .map_or_else(|| unset().redacted(), DatabaseUrl::redacted),
        )
    }
}

/// A database URL in place of another; unset means that other one.
pub(super) struct OtherUrl;

/// How it is written that there is no other URL.
const SAME: &str = "same";

impl Kind for OtherUrl {
    type Value = Option<DatabaseUrl>;
    const SECRET: bool = true;

    fn parse(&self, text: &str) -> Result<Self::Value, String> {
        if text == SAME {
            return Ok(None);
        }
        Url.parse(text)
    }

    fn show(&self, value: &Self::Value) -> Shown {
        let text = value.as_ref().map(DatabaseUrl::redacted);
        Shown::Text(text.unwrap_or_else(|| SAME.to_owned()))
    }
}
