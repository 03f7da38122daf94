//! The text forms in which SQLite keeps the types that it does not have: UUID, timestamp, date,
//! decimal.

use std::borrow::Cow;

/// Whether `text` is a UUID, hyphenated, in lower case (RFC 9562, section 4).
pub(super) fn is_uuid(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// The number that the digits are; `None` where one is no digit.
fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0, |sum, byte| {
        byte.is_ascii_digit()
            .then(|| sum * 10 + u32::from(byte - b'0'))
    })
}

/// Whether `text` is a date of the Gregorian calendar from 0001-01-01 to 9999-12-31, as
/// `YYYY-MM-DD` (RFC 3339, `full-date`).
pub(super) fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return false;
    }
    let (Some(year), Some(month), Some(day)) = (
        digits(&bytes[..4]),
        digits(&bytes[5..7]),
        digits(&bytes[8..]),
    ) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    year >= 1 && (1..=last).contains(&day)
}

/// Whether `text` is a moment in UTC with six digits of the second: `YYYY-MM-DDTHH:MM:SS.ffffffZ`
/// (RFC 3339; no leap seconds, which PostgreSQL does not keep either).
pub(super) fn is_timestamptz(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 27 || !text.is_ascii() || !is_date(&text[..10]) {
        return false;
    }
    let punctuation = bytes[10] == b'T'
        && bytes[13] == b':'
        && bytes[16] == b':'
        && bytes[19] == b'.'
        && bytes[26] == b'Z';
    punctuation
        && digits(&bytes[11..13]).is_some_and(|hour| hour < 24)
        && digits(&bytes[14..16]).is_some_and(|minute| minute < 60)
        && digits(&bytes[17..19]).is_some_and(|second| second < 60)
        && digits(&bytes[20..26]).is_some()
}

/// A plain decimal, cut into its parts: an optional `-`, digits, and optionally a point with
/// digits after it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Decimal<'a> {
    /// Whether it is below zero; false for any form of zero.
    pub(super) negative: bool,
    /// The digits before the point, without leading zeros: empty where that is 0.
    pub(super) whole: &'a str,
    /// The digits after the point, without trailing zeros.
    pub(super) fraction: &'a str,
}

impl<'a> Decimal<'a> {
    /// Reads `text`; `None` where it is no plain decimal.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (unsigned, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Self {
            negative: text.len() != unsigned.len() && !zero,
            whole,
            fraction,
        })
    }
}

/// The normal form of a plain decimal (no needless zeros, no negative zero); `None` where `text`
/// is none.
pub(super) fn normal_decimal(text: &str) -> Option<Cow<'_, str>> {
    let decimal = Decimal::parse(text)?;
    let sign = if decimal.negative { "-" } else { "" };
    let whole = if decimal.whole.is_empty() {
        "0"
    } else {
        decimal.whole
    };
    let point = if decimal.fraction.is_empty() { "" } else { "." };
    let fraction = decimal.fraction;
    if sign.len() + whole.len() + point.len() + fraction.len() == text.len() {
        return Some(Cow::Borrowed(text));
    }
    Some(Cow::Owned(format!("{sign}{whole}{point}{fraction}")))
}

/// Whether `text` is a plain decimal that `NUMERIC(precision, scale)` holds without rounding.
pub(super) fn is_decimal(text: &str, precision: i64, scale: i64) -> bool {
    let fits =
        |length: usize, limit: i64| i64::try_from(length).is_ok_and(|length| length <= limit);
    Decimal::parse(text).is_some_and(|decimal| {
        fits(decimal.fraction.len(), scale)
            && fits(decimal.whole.len(), precision.saturating_sub(scale))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_hyphenated_and_in_lower_case() {
        assert!(is_uuid("0190a7c3-4f2e-7abc-8def-0123456789ab"));
        assert!(!is_uuid("0190A7C3-4F2E-7ABC-8DEF-0123456789AB"));
        assert!(!is_uuid("0190a7c3-4f2e-7abc-8def-0123456789a"));
        assert!(!is_uuid("0190a7c34f2e7abc8def0123456789ab"));
        assert!(!is_uuid("ééééééééééééééééééé"));
    }

    #[test]
    fn a_date_exists() {
        assert!(is_date("2024-02-29"));
        assert!(is_date("0001-01-01"));
        assert!(is_date("9999-12-31"));
        for wrong in [
            "2024-02-30",
            "2023-02-29",
            "1900-02-29",
            "0000-01-01",
            "2024-13-01",
            "2024-00-10",
            "2024-1-1",
            "2024-01-00",
            "2024/01/01",
            "+024-01-01",
            "",
        ] {
            assert!(!is_date(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_timestamp_is_utc_with_six_digits() {
        assert!(is_timestamptz("2024-02-29T23:59:59.999999Z"));
        for wrong in [
            "2024-02-29T23:59:59Z",
            "2024-02-29 23:59:59.999999Z",
            "2024-02-29T24:00:00.000000Z",
            "2024-02-29T23:60:00.000000Z",
            "2024-02-29T23:59:60.000000Z",
            "2024-02-30T23:59:59.999999Z",
            "2024-02-29T23:59:59.999999+",
            "2024-02-29T23:59:59.99999éZ",
        ] {
            assert!(!is_timestamptz(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_decimal_has_one_normal_form() {
        for (text, normal) in [
            ("1.50000000", "1.5"),
            ("-0.00", "0"),
            ("007", "7"),
            ("100", "100"),
            ("-12.34", "-12.34"),
            ("0.10", "0.1"),
        ] {
            assert_eq!(normal_decimal(text).as_deref(), Some(normal), "{text}");
        }
        for wrong in [
            "", "-", ".5", "5.", "1e3", "+1", " 1", "1,5", "--1", "NaN", "1.2.3",
        ] {
            assert_eq!(normal_decimal(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_decimal_fits_its_column_or_not() {
        assert!(is_decimal("999999999999.12345678", 20, 8));
        assert!(is_decimal("1.500000000000", 20, 8));
        assert!(!is_decimal("1.123456789", 20, 8));
        assert!(!is_decimal("1000000000000", 20, 8));
        assert!(!is_decimal("abc", 20, 8));
    }
}
