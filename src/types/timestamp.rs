//! Moments in time.

use std::fmt;
use std::str::FromStr;

use time::OffsetDateTime;

use super::digits::{fixed, two};
use super::openapi::{StringSchema, api_string};
use super::serde_text::{deserializes_from_text, serializes_as_text};
use super::sql::travels_as_text;
use super::{Date, ValueError};

/// A moment, in a `TIMESTAMPTZ` column: microseconds in UTC, from the year 0001 to 9999.
///
/// It shows as RFC 3339 with six digits and `Z`, which sorts as text as it does in time. Any
/// RFC 3339 offset is read and converted to UTC; the offset itself is not kept, as PostgreSQL does
/// not keep it either. More than six digits after the second are refused, not rounded: see
/// [`Timestamp::truncate`].
///
/// ```
/// use twinbase::types::Timestamp;
///
/// let moment: Timestamp = "2024-06-14T09:05:09.5+02:00".parse()?;
/// assert_eq!(moment.to_string(), "2024-06-14T07:05:09.500000Z");
/// assert!("2024-06-14T07:05:09.1234567Z".parse::<Timestamp>().is_err());
/// # Ok::<(), twinbase::types::ValueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    unix_micros: i64,
}

impl Timestamp {
    /// 0001-01-01T00:00:00.000000Z.
    pub const MIN: Self = Self {
        unix_micros: -62_135_596_800_000_000,
    };

    /// 9999-12-31T23:59:59.999999Z.
    pub const MAX: Self = Self {
        unix_micros: 253_402_300_799_999_999,
    };

    /// The present moment by the system's clock, without its nanoseconds.
    ///
    /// # Panics
    ///
    /// Where the system's clock is set to a year after 9999.
    #[must_use]
    pub fn now() -> Self {
        Self::truncate(OffsetDateTime::now_utc()).expect("the system's clock is before 10000")
    }

    /// The moment this many microseconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    ///
    /// [`ValueError::OutOfRange`] before the year 0001 and after 9999.
    pub fn from_unix_micros(unix_micros: i64) -> Result<Self, ValueError> {
        let moment = Self { unix_micros };
        if (Self::MIN..=Self::MAX).contains(&moment) {
            Ok(moment)
        } else {
            Err(OUT_OF_RANGE)
        }
    }

    /// Microseconds since 1970-01-01T00:00:00Z; negative before it.
    #[must_use]
    pub const fn unix_micros(self) -> i64 {
        self.unix_micros
    }

    /// The last whole microsecond at or before `moment`, for clocks that count nanoseconds.
    /// `TryFrom` refuses a moment between two microseconds instead.
    ///
    /// # Errors
    ///
    /// [`ValueError::OutOfRange`] before the year 0001 and after 9999, in UTC.
    pub fn truncate(moment: OffsetDateTime) -> Result<Self, ValueError> {
        i64::try_from(moment.unix_timestamp_nanos().div_euclid(1000))
            .map_err(|_| OUT_OF_RANGE)
            .and_then(Self::from_unix_micros)
    }

    /// The day in UTC.
    #[must_use]
    #[expect(
        clippy::missing_panics_doc,
        reason = "no value of this type makes it panic"
    )]
    pub fn date(self) -> Date {
        Date::try_from(self.get().date()).expect("both types have the same range of years")
    }

    /// As the time crate's type, in UTC, for arithmetic.
    #[must_use]
    #[expect(
        clippy::missing_panics_doc,
        reason = "no value of this type makes it panic"
    )]
    pub fn get(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.unix_micros) * 1000)
            .expect("the years 0001 to 9999 are within the time crate's range")
    }
}

const OUT_OF_RANGE: ValueError = ValueError::OutOfRange {
    kind: "timestamp",
    limit: "0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999Z, in UTC",
};

const TOO_PRECISE: ValueError = ValueError::TooPrecise {
    kind: "timestamp",
    limit: "six digits after the second (microseconds); cut or round it first",
};

impl TryFrom<OffsetDateTime> for Timestamp {
    type Error = ValueError;

    fn try_from(moment: OffsetDateTime) -> Result<Self, ValueError> {
        if moment.nanosecond().is_multiple_of(1000) {
            Self::truncate(moment)
        } else {
            Err(TOO_PRECISE)
        }
    }
}

impl From<Timestamp> for OffsetDateTime {
    fn from(value: Timestamp) -> Self {
        value.get()
    }
}

impl From<Timestamp> for std::time::SystemTime {
    fn from(value: Timestamp) -> Self {
        value.get().into()
    }
}

impl FromStr for Timestamp {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        parse(text.as_bytes())
            .unwrap_or_else(|| Err(ValueError::malformed("a timestamp", text, EXAMPLE)))
    }
}

/// Reads RFC 3339, section 5.6, with the blank that its note allows for `T`. `None` where the text
/// is not of that form. A leap second (`:60`) is not taken: neither engine has one.
fn parse(bytes: &[u8]) -> Option<Result<Timestamp, ValueError>> {
    let separated = bytes.len() >= 20
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && matches!(bytes[10], b'T' | b't' | b' ')
        && bytes[13] == b':'
        && bytes[16] == b':';
    let year = i32::try_from(fixed(bytes, 0, 4)?).ok()?;
    let (month, day) = (two(bytes, 5)?, two(bytes, 8)?);
    let (hour, minute, second) = (two(bytes, 11)?, two(bytes, 14)?, two(bytes, 17)?);
    let (micros, digits) = fraction(&bytes[19..])?;
    let offset_minutes = offset(bytes.get(19 + digits..)?)?;
    if !separated || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let Some(micros) = micros else {
        return Some(Err(TOO_PRECISE));
    };
    // A year 0000 may lie in range once its offset is applied, but no Date has it: the calendar of
    // the text and the result both begin with 0001.
    let days = match Date::new(year, month, day) {
        Ok(date) => i64::from(date.get().to_julian_day() - UNIX_EPOCH_JULIAN_DAY),
        Err(_) => return Some(Err(OUT_OF_RANGE)),
    };
    let minutes = days * 1440 + i64::from(hour) * 60 + i64::from(minute) - offset_minutes;
    let seconds = minutes * 60 + i64::from(second);
    Some(Timestamp::from_unix_micros(
        seconds * 1_000_000 + i64::from(micros),
    ))
}

/// The Julian day number of 1970-01-01.
const UNIX_EPOCH_JULIAN_DAY: i32 = 2_440_588;

/// The microseconds of a fraction such as `.5`, or `None` in their place where it has too many
/// digits, and the length of its text, 0 where there is none.
fn fraction(bytes: &[u8]) -> Option<(Option<u32>, usize)> {
    if bytes.first() != Some(&b'.') {
        return Some((Some(0), 0));
    }
    let digits = bytes[1..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let micros = match digits {
        0 => return None,
        1..=6 => fixed(bytes, 1, digits)? * 10_u32.pow(6 - u32::try_from(digits).ok()?),
        _ => return Some((None, 1 + digits)),
    };
    Some((Some(micros), 1 + digits))
}

/// The minutes of an offset such as `Z` or `+02:00`.
fn offset(bytes: &[u8]) -> Option<i64> {
    let sign = match bytes {
        b"Z" | b"z" => return Some(0),
        [b'+', _, _, b':', _, _] => 1,
        [b'-', _, _, b':', _, _] => -1,
        _ => return None,
    };
    let (hours, minutes) = (two(bytes, 1)?, two(bytes, 4)?);
    (hours <= 23 && minutes <= 59).then(|| sign * (i64::from(hours) * 60 + i64::from(minutes)))
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = self.get();
        let (hour, minute, second, micros) = moment.to_hms_micro();
        let date = self.date();
        write!(f, "{date}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const EXAMPLE: &str = "2024-06-14T07:05:09.000000Z";

const SCHEMA: StringSchema = StringSchema {
    format: "date-time",
    example: EXAMPLE,
    pattern: Some(
        "^(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-5][0-9](\\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})$",
    ),
    description: "A moment with at most microseconds, in the years 0001 to 9999 of UTC; answers are always in UTC.",
};

travels_as_text!(Timestamp);
serializes_as_text!(Timestamp);
deserializes_from_text!(Timestamp, "an RFC 3339 timestamp");
api_string!(Timestamp, SCHEMA);

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_rfc_3339_spelling_becomes_the_canonical_one() {
        for (text, canonical) in [
            ("2024-06-14T07:05:09Z", "2024-06-14T07:05:09.000000Z"),
            ("2024-06-14t07:05:09z", "2024-06-14T07:05:09.000000Z"),
            ("2024-06-14 07:05:09.1+00:00", "2024-06-14T07:05:09.100000Z"),
            (
                "2024-06-14T07:05:09.000001-00:00",
                "2024-06-14T07:05:09.000001Z",
            ),
            ("2024-01-01T00:30:00+05:45", "2023-12-31T18:45:00.000000Z"),
            ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), canonical);
        }
    }

    #[test]
    fn the_ends_of_the_range_are_read_and_what_lies_beyond_is_refused() {
        assert_eq!(Timestamp::MIN.to_string(), "0001-01-01T00:00:00.000000Z");
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59.999999Z");
        for text in [
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
            "0000-12-31T00:00:00Z",
            "2024-02-30T00:00:00Z",
        ] {
            let error = text.parse::<Timestamp>().unwrap_err();
            assert!(
                matches!(error, ValueError::OutOfRange { .. }),
                "{text}: {error}"
            );
        }
        assert!(Timestamp::from_unix_micros(i64::MIN).is_err());
        assert!(Timestamp::from_unix_micros(i64::MAX).is_err());
    }

    #[test]
    fn nanoseconds_are_refused_and_never_rounded() {
        for text in [
            "2024-06-14T07:05:09.1234567Z",
            "2024-06-14T07:05:09.1234560Z",
        ] {
            let error = text.parse::<Timestamp>().unwrap_err();
            assert!(error.to_string().contains("six digits"), "{error}");
        }
        let between = OffsetDateTime::from_unix_timestamp_nanos(-1).unwrap();
        assert!(Timestamp::try_from(between).is_err());
        assert_eq!(Timestamp::truncate(between).unwrap().unix_micros(), -1);
    }

    #[test]
    fn what_is_no_rfc_3339_is_refused() {
        for text in [
            "",
            "2024-06-14",
            "2024-06-14T07:05:09",
            "2024-06-14T07:05Z",
            "2024-06-14T24:00:00Z",
            "2024-06-14T07:60:00Z",
            "2024-06-14T23:59:60Z",
            "2024-06-14T07:05:09.Z",
            "2024-06-14T07:05:09,5Z",
            "2024-06-14T07:05:09+0200",
            "2024-06-14T07:05:09+24:00",
            "2024-06-14T07:05:09Zz",
            "12024-06-14T07:05:09Z",
            "2024-06-14\u{2003}07:05:09Z",
            "now",
        ] {
            let error = text.parse::<Timestamp>().unwrap_err();
            assert!(
                matches!(error, ValueError::Malformed { .. }),
                "{text}: {error}"
            );
        }
    }

    proptest! {
        #[test]
        fn text_and_order_hold_for_any_moment(
            a in Timestamp::MIN.unix_micros..=Timestamp::MAX.unix_micros,
            b in Timestamp::MIN.unix_micros..=Timestamp::MAX.unix_micros,
        ) {
            let (a, b) = (Timestamp { unix_micros: a }, Timestamp { unix_micros: b });
            prop_assert_eq!(a.to_string().parse::<Timestamp>().unwrap(), a);
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
            prop_assert_eq!(Timestamp::try_from(a.get()).unwrap(), a);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,30}", near in "[0-9TZ:. +-]{19,30}") {
            for text in [text, near] {
                if let Ok(moment) = text.parse::<Timestamp>() {
                    prop_assert_eq!(moment.to_string().parse::<Timestamp>().unwrap(), moment);
                }
            }
        }
    }
}
