//! Exact decimal numbers.

mod carrier;

use std::fmt;
use std::str::FromStr;

use super::ValueError;

/// An exact decimal number, money for one, in a `NUMERIC(p,s)` or `NUMERIC` column.
///
/// It holds 28 digits, and at most 28 of them after the point (up to
/// 79228162514264337593543950335, which is 2^96 - 1). The value is all that counts: `1.50` is
/// `1.5`, and zero has no sign. It shows without exponent and without trailing zeros.
///
/// A `NUMERIC` that another program has filled with more digits is an error when it is read as a
/// `Decimal`; read it as `CAST(column AS TEXT)` into a `String`, which has every digit.
///
/// The methods here are exact or `None`. The arithmetic of [`rust_decimal`] rounds when a result
/// has more than 28 digits, so it takes a visible step, [`Decimal::get`], to reach it.
///
/// In JSON it is a string: readers in JavaScript and many others make a binary float of every
/// number, and 0.1 has no such float. serde reads a string or an integer, never a number with a
/// point, since its digits may be lost before they come here. The API, whose document says
/// `string`, takes strings alone.
///
/// ```
/// use twinbase::types::Decimal;
///
/// let price: Decimal = "19.90".parse()?;
/// let three: Decimal = 3.into();
/// assert_eq!(price.checked_mul(three).map(|sum| sum.to_string()), Some("59.7".into()));
/// assert_eq!(serde_json::to_string(&price).ok(), Some("\"19.9\"".into()));
/// # Ok::<(), twinbase::types::ValueError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(rust_decimal::Decimal);

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self(rust_decimal::Decimal::ZERO);

    /// `units` divided by ten to the power of `scale`: `from_units(1990, 2)` is 19.9.
    ///
    /// # Errors
    ///
    /// [`ValueError::TooPrecise`] or [`ValueError::OutOfRange`] where it does not fit.
    pub fn from_units(mut units: i128, mut scale: u32) -> Result<Self, ValueError> {
        while scale > 0 && units % 10 == 0 {
            units /= 10;
            scale -= 1;
            if units == 0 {
                return Ok(Self::ZERO);
            }
        }
        if scale > rust_decimal::Decimal::MAX_SCALE {
            return Err(TOO_PRECISE);
        }
        let too_wide = if scale == 0 {
            OUT_OF_RANGE
        } else {
            TOO_PRECISE
        };
        rust_decimal::Decimal::try_from_i128_with_scale(units, scale)
            .map(Self)
            .map_err(|_| too_wide)
    }

    /// The number without its point, and how many of its digits stand after it: 19.9 is
    /// `(199, 1)`.
    #[must_use]
    pub const fn units(self) -> (i128, u32) {
        (self.0.mantissa(), self.0.scale())
    }

    /// The exact sum, or `None` where it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let (left, right, scale) = self.aligned(other)?;
        Self::from_units(left.checked_add(right)?, scale).ok()
    }

    /// The exact difference, or `None` where it does not fit.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        let (left, right, scale) = self.aligned(other)?;
        Self::from_units(left.checked_sub(right)?, scale).ok()
    }

    /// The exact product, or `None` where it does not fit (or has more than 38 digits before
    /// trailing zeros are taken off).
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let ((left, left_scale), (right, right_scale)) = (self.units(), other.units());
        Self::from_units(left.checked_mul(right)?, left_scale + right_scale).ok()
    }

    /// The wrapped value, whose scale is the smallest that holds it.
    #[must_use]
    pub const fn get(self) -> rust_decimal::Decimal {
        self.0
    }

    /// Both numbers' units at the greater of their scales. Where that overflows, no sum of the two
    /// has a value that fits: it would have more than 28 digits that are not trailing zeros.
    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let ((left, left_scale), (right, right_scale)) = (self.units(), other.units());
        let scale = left_scale.max(right_scale);
        let raise = |units: i128, from| units.checked_mul(10_i128.checked_pow(scale - from)?);
        Some((raise(left, left_scale)?, raise(right, right_scale)?, scale))
    }
}

const OUT_OF_RANGE: ValueError = ValueError::OutOfRange {
    kind: "decimal",
    limit: "28 digits (up to 79228162514264337593543950335); read a wider NUMERIC as text, with CAST(column AS TEXT)",
};

const TOO_PRECISE: ValueError = ValueError::TooPrecise {
    kind: "decimal",
    limit: "28 digits, before and after the point together; round it first, or read a wider NUMERIC as text, with CAST(column AS TEXT)",
};

impl From<rust_decimal::Decimal> for Decimal {
    fn from(inner: rust_decimal::Decimal) -> Self {
        Self(inner.normalize())
    }
}

impl From<Decimal> for rust_decimal::Decimal {
    fn from(value: Decimal) -> Self {
        value.0
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self(value.into())
    }
}

impl From<i32> for Decimal {
    fn from(value: i32) -> Self {
        Self(value.into())
    }
}

impl FromStr for Decimal {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let is_number =
            |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) {
            return Err(ValueError::malformed(
                "a decimal number",
                text,
                "-1234.5, without exponent",
            ));
        }
        let (whole, fraction) = (
            whole.trim_start_matches('0'),
            fraction.trim_end_matches('0'),
        );
        // 2^96 - 1 has 29 digits. An i128 takes 38, so nothing overflows before the last check.
        if whole.len() > 29 {
            return Err(OUT_OF_RANGE);
        }
        if fraction.len() > 28 || whole.len() + fraction.len() > 29 {
            return Err(TOO_PRECISE);
        }
        let units = whole
            .bytes()
            .chain(fraction.bytes())
            .fold(0_i128, |units, digit| units * 10 + i128::from(digit - b'0'));
        let scale = u32::try_from(fraction.len()).expect("at most 28 digits");
        Self::from_units(if negative { -units } else { units }, scale)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_value_has_one_spelling() {
        for (text, canonical) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.000", "0"),
            ("+1.50", "1.5"),
            ("0001.0", "1"),
            ("100", "100"),
            ("-0.10", "-0.1"),
            (
                "0.0000000000000000000000000001",
                "0.0000000000000000000000000001",
            ),
            (
                "79228162514264337593543950335",
                "79228162514264337593543950335",
            ),
            (
                "-7.9228162514264337593543950335",
                "-7.9228162514264337593543950335",
            ),
            ("1.000000000000000000000000000000000000000000", "1"),
        ] {
            assert_eq!(decimal(text).to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_with_the_limit_and_never_rounded() {
        for text in [
            "0.00000000000000000000000000001",
            "1.23456789012345678901234567891",
            "7.9228162514264337593543950336",
            "79228162514264337593543950335.1",
        ] {
            let error = text.parse::<Decimal>().unwrap_err();
            assert!(
                matches!(error, ValueError::TooPrecise { .. }),
                "{text}: {error}"
            );
            assert!(error.to_string().contains("28 digits"));
        }
        for text in [
            "79228162514264337593543950336",
            "-100000000000000000000000000000",
        ] {
            let error = text.parse::<Decimal>().unwrap_err();
            assert!(
                matches!(error, ValueError::OutOfRange { .. }),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn what_is_no_plain_number_is_refused() {
        for text in [
            "", "-", "+", ".", ".5", "5.", "1e3", "NaN", "Infinity", "1,5", "1_000", " 1", "1 ",
            "--1", "1.2.3", "0x10", "١",
        ] {
            let error = text.parse::<Decimal>().unwrap_err();
            assert!(
                matches!(error, ValueError::Malformed { .. }),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn arithmetic_is_exact_or_none() {
        let (most, least) = (decimal("79228162514264337593543950335"), decimal("0.1"));
        assert_eq!(
            decimal("0.1").checked_add(decimal("0.2")),
            Some(decimal("0.3"))
        );
        assert_eq!(most.checked_add(least), None);
        assert_eq!(most.checked_sub(most), Some(Decimal::ZERO));
        assert_eq!(
            decimal("1.25").checked_mul(decimal("0.8")),
            Some(decimal("1"))
        );
        assert_eq!(most.checked_mul(decimal("0.3")), None);
    }

    proptest! {
        #[test]
        fn text_and_order_hold_for_any_value(
            a in -((1_i128 << 96) - 1)..(1_i128 << 96),
            b in any::<i64>(),
            (a_scale, b_scale) in (0..=28_u32, 0..=28_u32),
        ) {
            let a = Decimal::from_units(a, a_scale).unwrap();
            let b = Decimal::from_units(b.into(), b_scale).unwrap();
            prop_assert_eq!(decimal(&a.to_string()), a);
            prop_assert_eq!(Decimal::from(a.get()), a);
            prop_assert_eq!(a.to_string().contains('e'), false);
            prop_assert_eq!(a.cmp(&b), a.get().cmp(&b.get()));
            if let Some(sum) = a.checked_add(b) {
                prop_assert_eq!(sum.checked_sub(b), Some(a));
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,30}", near in "[+-]?[0-9]{0,40}\\.?[0-9]{0,40}") {
            for text in [text, near] {
                if let Ok(value) = text.parse::<Decimal>() {
                    prop_assert_eq!(decimal(&value.to_string()), value);
                }
            }
        }
    }
}
