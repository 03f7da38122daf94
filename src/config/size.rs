//! Sizes as text: a plain number, or `64KiB`, `1MiB`, `2GiB`.

use std::fmt::Display;
use std::marker::PhantomData;
use std::ops::RangeInclusive;

use super::kind::{Kind, Shown, out_of_range, quoted};

/// The units and their bytes, largest first.
const UNITS: [(&str, u64); 4] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

/// An amount of memory or disk, held in a field that counts in `unit` bytes.
pub(super) struct Size<T> {
    unit: u64,
    range: RangeInclusive<u64>,
    field: PhantomData<T>,
}

/// A size in bytes; a plain number is bytes.
pub(super) fn bytes<T>(range: RangeInclusive<u64>) -> Size<T> {
    Size {
        unit: 1,
        range,
        field: PhantomData,
    }
}

/// A size in KiB; a plain number is KiB.
pub(super) fn kibibytes<T>(range: RangeInclusive<u64>) -> Size<T> {
    Size {
        unit: 1024,
        range,
        field: PhantomData,
    }
}

impl<T: TryFrom<u64> + TryInto<u64> + Copy + PartialEq + Display> Kind for Size<T> {
    type Value = T;

    fn parse(&self, text: &str) -> Result<T, String> {
        let wrong = || {
            format!(
                "{} is not a size; write it like 64KiB, 1MiB, or a plain number",
                quoted(text)
            )
        };
        let end = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        if number.is_empty() {
            return Err(wrong());
        }
        let size = match unit {
            "" => self.unit,
            unit => {
                UNITS
                    .iter()
                    .find(|(name, _)| *name == unit)
                    .ok_or_else(wrong)?
                    .1
            }
        };
        let show = |amount: u64| format(amount.saturating_mul(self.unit));
        let range = || {
            out_of_range(
                quoted(text),
                show(*self.range.start()),
                show(*self.range.end()),
            )
        };
        let bytes = number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(size));
        let bytes = bytes.ok_or_else(range)?;
        if bytes % self.unit != 0 {
            return Err(format!(
                "{} is not a whole number of {}",
                quoted(text),
                format(self.unit)
            ));
        }
        let amount = bytes / self.unit;
        if !self.range.contains(&amount) {
            return Err(range());
        }
        T::try_from(amount).map_err(|_| range())
    }

    fn show(&self, value: &T) -> Shown {
        // A `usize` or `u64` always fits; the bound only lets both share this code.
        let amount: u64 = (*value).try_into().unwrap_or(u64::MAX);
        Shown::Text(format(amount.saturating_mul(self.unit)))
    }
}

/// In the largest unit that divides it.
fn format(bytes: u64) -> String {
    let divides = |(_, size): &&(&str, u64)| bytes.is_multiple_of(*size);
    match UNITS.iter().find(divides) {
        Some((unit, size)) if bytes > 0 => format!("{}{unit}", bytes / size),
        _ => "0B".to_owned(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::{bytes, kibibytes};
    use crate::config::kind::{Kind as _, Shown};

    #[test]
    fn a_plain_number_is_in_the_key_s_own_unit() {
        assert_eq!(
            bytes::<usize>(1..=1 << 30).parse("1048576").unwrap(),
            1 << 20
        );
        assert_eq!(kibibytes::<u64>(1..=1 << 20).parse("2048").unwrap(), 2048);
    }

    #[test]
    fn a_unit_says_what_it_is() {
        assert_eq!(bytes::<u64>(0..=1 << 30).parse("64MiB").unwrap(), 64 << 20);
        assert_eq!(kibibytes::<u64>(1..=1 << 20).parse("2MiB").unwrap(), 2048);
        assert_eq!(kibibytes::<u64>(1..=1 << 20).parse("2048B").unwrap(), 2);
        assert_eq!(bytes::<u64>(0..=10).parse("0").unwrap(), 0);
    }

    #[test]
    fn what_is_no_size_or_too_large_is_refused() {
        let kind = bytes::<u64>(1..=1 << 30);
        for text in ["", "MiB", "64MB", "64mib", "1.5MiB", "-1", "64 MiB"] {
            assert!(
                kind.parse(text).unwrap_err().contains("is not a size"),
                "{text}"
            );
        }
        for text in ["0", "2GiB", "99999999999GiB", "99999999999999999999999"] {
            assert!(
                kind.parse(text)
                    .unwrap_err()
                    .contains("is out of range, which is 1B to 1GiB")
            );
        }
        assert!(
            kibibytes::<u64>(1..=9)
                .parse("100B")
                .unwrap_err()
                .contains("whole number of 1KiB")
        );
    }

    #[test]
    fn the_largest_unit_that_divides_is_shown() {
        assert_eq!(
            bytes::<u64>(0..=9).show(&(1 << 20)),
            Shown::Text("1MiB".into())
        );
        assert_eq!(bytes::<u64>(0..=9).show(&1500), Shown::Text("1500B".into()));
        assert_eq!(
            kibibytes::<u64>(0..=9).show(&8192),
            Shown::Text("8MiB".into())
        );
        assert_eq!(bytes::<u64>(0..=9).show(&0), Shown::Text("0B".into()));
    }
}
