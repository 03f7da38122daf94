//! Calendar dates.

use std::fmt;
use std::str::FromStr;

use time::Month;

use super::digits::{fixed, two};
use super::openapi::{StringSchema, api_string};
use super::serde_text::{deserializes_from_text, serializes_as_text};
use super::sql::travels_as_text;
use super::{Timestamp, ValueError};

/// A day of the Gregorian calendar, in a `DATE` column.
///
/// From 0001-01-01 to 9999-12-31, the years that ISO 8601 writes with four digits and both
/// engines hold. It is read and shown as `2024-06-14`.
///
/// ```
/// use twinbase::types::Date;
///
/// let day: Date = "2024-02-29".parse()?;
/// assert_eq!((day.year(), day.month(), day.day()), (2024, 2, 29));
/// assert!("2023-02-29".parse::<Date>().is_err());
/// # Ok::<(), twinbase::types::ValueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(time::Date);

impl Date {
    /// The day with this year, month (1 to 12) and day of the month.
    ///
    /// # Errors
    ///
    /// [`ValueError::OutOfRange`] where the calendar has no such day or the year is not one of
    /// 1 to 9999.
    pub fn new(year: i32, month: u8, day: u8) -> Result<Self, ValueError> {
        Month::try_from(month)
            .and_then(|month| time::Date::from_calendar_date(year, month, day))
            .map_err(|_| OUT_OF_RANGE)
            .and_then(Self::try_from)
    }

    /// Today in UTC.
    ///
    /// # Panics
    ///
    /// Where the system's clock is set to a year after 9999.
    #[must_use]
    pub fn today() -> Self {
        Timestamp::now().date()
    }

    /// The year, 1 to 9999.
    #[must_use]
    pub const fn year(self) -> i32 {
        self.0.year()
    }

    /// The month, 1 to 12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.0.month() as u8
    }

    /// The day of the month, 1 to 31.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.0.day()
    }

    /// The wrapped value, for calendar arithmetic.
    #[must_use]
    pub const fn get(self) -> time::Date {
        self.0
    }
}

const OUT_OF_RANGE: ValueError = ValueError::OutOfRange {
    kind: "date",
    limit: "the days of the calendar from 0001-01-01 to 9999-12-31",
};

impl TryFrom<time::Date> for Date {
    type Error = ValueError;

    fn try_from(inner: time::Date) -> Result<Self, ValueError> {
        if (1..=9999).contains(&inner.year()) {
            Ok(Self(inner))
        } else {
            Err(OUT_OF_RANGE)
        }
    }
}

impl From<Date> for time::Date {
    fn from(value: Date) -> Self {
        value.0
    }
}

impl FromStr for Date {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (year, month, day) = fields(text.as_bytes())
            .ok_or_else(|| ValueError::malformed("a date", text, EXAMPLE))?;
        Self::new(year, month, day)
    }
}

/// The year, month and day of a text of the form `2024-06-14`.
fn fields(bytes: &[u8]) -> Option<(i32, u8, u8)> {
    let whole = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
    let year = i32::try_from(fixed(bytes, 0, 4)?).ok()?;
    let (month, day) = (two(bytes, 5)?, two(bytes, 8)?);
    whole.then_some((year, month, day))
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = (self.year(), self.month(), self.day());
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const EXAMPLE: &str = "2024-06-14";

const SCHEMA: StringSchema = StringSchema {
    format: "date",
    example: EXAMPLE,
    pattern: Some("^(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    description: "A day from 0001-01-01 to 9999-12-31.",
};

travels_as_text!(Date);
serializes_as_text!(Date);
deserializes_from_text!(Date, "a date such as 2024-06-14");
api_string!(Date, SCHEMA);

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ends_of_the_range_are_read_and_what_lies_beyond_is_refused() {
        for text in ["0001-01-01", "9999-12-31", "2000-02-29"] {
            assert_eq!(text.parse::<Date>().unwrap().to_string(), text);
        }
        for text in [
            "0000-12-31",
            "2024-02-30",
            "1900-02-29",
            "2024-13-01",
            "2024-00-10",
        ] {
            let error = text.parse::<Date>().unwrap_err();
            assert!(
                matches!(error, ValueError::OutOfRange { .. }),
                "{text}: {error}"
            );
        }
        assert!(Date::new(10_000, 1, 1).is_err());
        assert!(Date::try_from(time::Date::MIN).is_err());
    }

    #[test]
    fn other_ways_to_write_a_date_are_refused() {
        for text in [
            "",
            "2024-6-14",
            "20240614",
            "2024-06-14 ",
            "14.06.2024",
            "+024-06-14",
            "٢٠٢٤-06",
        ] {
            let error = text.parse::<Date>().unwrap_err();
            assert!(
                matches!(error, ValueError::Malformed { .. }),
                "{text}: {error}"
            );
        }
    }

    proptest! {
        #[test]
        fn text_and_order_hold_for_any_day(a in 1_721_426..=5_373_484_i32, b in 1_721_426..=5_373_484_i32) {
            let day = |julian| Date::try_from(time::Date::from_julian_day(julian).unwrap()).unwrap();
            let (a, b) = (day(a), day(b));
            prop_assert_eq!(a.to_string().parse::<Date>().unwrap(), a);
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }
    }
}
