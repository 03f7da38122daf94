//! Durations as text: `30s`, `1h30m`, `500ms`, or plain seconds.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::kind::{Kind, Shown, out_of_range, quoted};

/// The units and their milliseconds, longest first, which is also the order to write them in.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// A duration in a range, read and shown to the millisecond.
pub(super) struct Span {
    range: RangeInclusive<u64>,
    zero: Option<&'static str>,
}

/// A duration as the configuration writes them, for the command line.
///
/// # Errors
/// What is wrong with the text.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    milliseconds(text).map(Duration::from_millis)
}

/// A duration of `range`, in milliseconds.
pub(super) fn span(range: RangeInclusive<u64>) -> Span {
    Span { range, zero: None }
}

impl Span {
    /// Accepts `0s` too, which means `meaning`.
    pub(super) fn or_zero(self, meaning: &'static str) -> Self {
        Self {
            zero: Some(meaning),
            ..self
        }
    }
}

impl Kind for Span {
    type Value = Duration;

    fn parse(&self, text: &str) -> Result<Duration, String> {
        let milliseconds = milliseconds(text)?;
        if self.range.contains(&milliseconds) || (milliseconds == 0 && self.zero.is_some()) {
            return Ok(Duration::from_millis(milliseconds));
        }
        let limit = |ms: u64| format(Duration::from_millis(ms));
        let mut message = out_of_range(
            quoted(text),
            limit(*self.range.start()),
            limit(*self.range.end()),
        );
        if let Some(meaning) = self.zero {
            message = format!("{message}, or 0s for {meaning}");
        }
        Err(message)
    }

    fn show(&self, value: &Duration) -> Shown {
        Shown::Text(format(*value))
    }
}

/// Reads `30s`, `1h30m`, `0.5s`, or plain seconds (`30`, `0.5`). Exact: what a millisecond can't
/// hold is refused, since the engines' own timeouts count in milliseconds.
fn milliseconds(text: &str) -> Result<u64, String> {
    let wrong = || {
        format!(
            "{} is not a duration; write it like 30s, 1h30m, 500ms, or plain seconds",
            quoted(text)
        )
    };
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut total = 0_u64;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let letters = after
            .find(|c: char| !c.is_ascii_lowercase())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let size = match unit {
            "" if end == text.len() => 1000,
            // Going on from the last unit's place refuses `1m1h` and `1s1s`.
            unit => units.find(|(name, _)| *name == unit).ok_or_else(wrong)?.1,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits = u32::try_from(fraction.len())
            .ok()
            .filter(|length| (1..=9).contains(length));
        let scale = 10_u64.pow(digits.ok_or_else(wrong)?);
        let parts = fraction.parse::<u64>().map_err(|_| wrong())? * size;
        if parts % scale != 0 {
            return Err(format!("{} is finer than a millisecond", quoted(text)));
        }
        let whole: u64 = whole.parse().map_err(|_| wrong())?;
        total = whole
            .checked_mul(size)
            .and_then(|whole| whole.checked_add(parts / scale))
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| format!("{} is too long", quoted(text)))?;
        rest = after;
    }
    if text.is_empty() {
        Err(wrong())
    } else {
        Ok(total)
    }
}

/// The shortest exact text: `1h30m`, `500ms`, `0s`.
fn format(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, size) in UNITS {
        if rest >= size {
            text = text + &(rest / size).to_string() + unit;
            rest %= size;
        }
    }
    text
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::{format, milliseconds, span};
    use crate::config::kind::Kind as _;
    use std::time::Duration;

    #[test]
    fn units_sums_and_plain_seconds_are_read() {
        for (text, expected) in [
            ("30s", 30_000),
            ("1h", 3_600_000),
            ("500ms", 500),
            ("1h30m", 5_400_000),
            ("1d2h3m4s5ms", 93_784_005),
            ("30", 30_000),
            ("0.5", 500),
            ("1.5s", 1500),
            ("0.25h", 900_000),
            ("0", 0),
        ] {
            assert_eq!(milliseconds(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "s",
            "-5s",
            "5x",
            "30 s",
            "30S",
            "1m1h",
            "1s1s",
            "1h30",
            "1.s",
            ".5",
            "1..5s",
            "1e3",
            "inf",
            "0.0001",
            "0.5ms",
            "99999999999999999999s",
            "18446744073709551615d",
        ] {
            let error = milliseconds(text).unwrap_err();
            assert!(!error.is_empty(), "{text}");
        }
    }

    #[test]
    fn the_text_shown_reads_back_as_the_same_duration() {
        for (ms, text) in [
            (0, "0s"),
            (1, "1ms"),
            (1500, "1s500ms"),
            (5_400_000, "1h30m"),
            (86_400_000, "1d"),
        ] {
            assert_eq!(format(Duration::from_millis(ms)), text);
            assert_eq!(milliseconds(text).unwrap(), ms);
        }
    }

    #[test]
    fn a_range_names_its_limits_and_what_zero_means() {
        let kind = span(1000..=60_000).or_zero("never");
        assert_eq!(kind.parse("0").unwrap(), Duration::ZERO);
        assert_eq!(
            kind.parse("2m").unwrap_err(),
            "\"2m\" is out of range, which is 1s to 1m, or 0s for never"
        );
    }
}
