//! Plain decimals: the text in which a NUMERIC value is bound, on either engine.

use std::borrow::Cow;

/// The most digits before the point that PostgreSQL takes (manual, section 8.1.2).
const MAX_INTEGER_DIGITS: usize = 131_072;
/// The most digits after the point that PostgreSQL takes (manual, section 8.1.2).
const MAX_FRACTION_DIGITS: usize = 16_383;

/// What text should look like that is no plain decimal.
pub(super) const EXPECTED: &str = "write digits, with a point before the fraction, as -12.50";

/// A plain decimal: an optional sign, digits, and optionally a point and digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plain<'a> {
    /// Whether a minus stands before it, of a zero too.
    pub(super) negative: bool,
    /// The digits before the point, without zeros in front: empty where that is 0.
    pub(super) integer: &'a str,
    /// The digits after the point, as written.
    pub(super) fraction: &'a str,
}

impl<'a> Plain<'a> {
    /// Reads text; `None` if it is anything else, or longer than PostgreSQL takes.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (integer, fraction) = match unsigned.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (unsigned, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if integer.is_empty() || !all_digits(integer) || !all_digits(fraction) {
            return None;
        }
        let integer = integer.trim_start_matches('0');
        let fits = integer.len() <= MAX_INTEGER_DIGITS && fraction.len() <= MAX_FRACTION_DIGITS;
        fits.then_some(Self {
            negative,
            integer,
            fraction,
        })
    }
}

/// The canonical form of a plain decimal, in which both drivers read it back: no plus, no zeros that
/// mean nothing, no negative zero. `None` if the text is no plain decimal.
pub(super) fn canonical(text: &str) -> Option<Cow<'_, str>> {
    let plain = Plain::parse(text)?;
    let fraction = plain.fraction.trim_end_matches('0');
    let is_zero = plain.integer.is_empty() && fraction.is_empty();
    let sign = if plain.negative && !is_zero { "-" } else { "" };
    let integer = if plain.integer.is_empty() {
        "0"
    } else {
        plain.integer
    };
    let point = if fraction.is_empty() { "" } else { "." };
    // Equal length means equal text: all that can go is a sign and zeros.
    if sign.len() + integer.len() + point.len() + fraction.len() == text.len() {
        return Some(Cow::Borrowed(text));
    }
    Some(Cow::Owned([sign, integer, point, fraction].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_has_one_canonical_form() {
        for (text, expected) in [
            ("1.50000000", "1.5"),
            ("00012.00", "12"),
            ("+7", "7"),
            ("-0.0", "0"),
            ("-0", "0"),
            ("+0", "0"),
            ("0.10", "0.1"),
            ("-00.5", "-0.5"),
            ("100", "100"),
            ("20000.0", "20000"),
        ] {
            assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["0", "1.5", "-1", "12345678901234567.1234"] {
            assert!(matches!(canonical(text), Some(Cow::Borrowed(same)) if same == text));
        }
    }

    #[test]
    fn what_is_no_plain_decimal_is_refused() {
        for text in [
            "", "-", "+", ".", ".5", "5.", "1e5", "NaN", "Infinity", " 1", "1 ", "1_000", "0x1",
            "--1", "+-1", "1.2.3", "١", "1,5",
        ] {
            assert_eq!(canonical(text), None, "{text}");
        }
        assert_eq!(canonical(&"9".repeat(131_073)), None);
        assert_eq!(canonical(&format!("0.{}", "1".repeat(16_384))), None);
    }
}
