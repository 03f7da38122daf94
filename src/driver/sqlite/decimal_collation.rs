//! The collation `twinbase_decimal`: compares decimals by their value, of any length, where plain
//! text would put 10 before 9.

use super::forms::Decimal;
use std::cmp::Ordering;

/// The name under which each connection of the driver knows the collation.
pub const NAME: &str = "twinbase_decimal";

/// Compares two texts as decimals: exactly, whatever their length, so that `1.50` equals `1.5`.
///
/// Text that is no plain decimal sorts after all decimals, byte by byte, so that the order is
/// total (an index needs that).
///
/// SQLite writes small and large floats with an exponent (`0.00001` becomes `1.0e-05`) before it
/// compares them with a column, so exponents are read too.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    if let (Some(left), Some(right)) = (Decimal::parse(left), Decimal::parse(right)) {
        return compare_decimals(left, right);
    }
    let (plain_left, plain_right) = (without_exponent(left), without_exponent(right));
    let parsed_left = Decimal::parse(plain_left.as_deref().unwrap_or(left));
    let parsed_right = Decimal::parse(plain_right.as_deref().unwrap_or(right));
    match (parsed_left, parsed_right) {
        (Some(left), Some(right)) => compare_decimals(left, right),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => left.as_bytes().cmp(right.as_bytes()),
    }
}

/// The plain form of a decimal with an exponent, of those that a float can have.
fn without_exponent(text: &str) -> Option<String> {
    let (number, exponent) = text.split_once(['e', 'E'])?;
    let exponent = exponent
        .parse::<i32>()
        .ok()
        .filter(|exponent| exponent.abs() <= 400)?;
    let decimal = Decimal::parse(number)?;
    let (whole, fraction) = (decimal.whole, decimal.fraction);
    let sign = if decimal.negative { "-" } else { "" };
    let digits = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let Ok(point) = usize::try_from(point) else {
        let zeros = "0".repeat(usize::try_from(-point).ok()?);
        return Some(format!("{sign}0.{zeros}{digits}0"));
    };
    if point >= digits.len() {
        return Some(format!(
            "{sign}{digits}{}",
            "0".repeat(point - digits.len() + usize::from(point == 0))
        ));
    }
    let (whole, fraction) = digits.split_at(point);
    let zero = if whole.is_empty() { "0" } else { "" };
    Some(format!("{sign}{zero}{whole}.{fraction}"))
}

fn compare_decimals(left: Decimal<'_>, right: Decimal<'_>) -> Ordering {
    let by_size = || {
        left.whole
            .len()
            .cmp(&right.whole.len())
            .then_with(|| left.whole.cmp(right.whole))
            // Without trailing zeros, the longer of two fractions with a common start is larger.
            .then_with(|| left.fraction.cmp(right.fraction))
    };
    match (left.negative, right.negative) {
        (false, false) => by_size(),
        (true, true) => by_size().reverse(),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The value of a decimal of at most 15 digits each side, in units of 10⁻¹⁵.
    fn units(text: &str) -> i128 {
        let unsigned = text.trim_start_matches('-');
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let digits = format!("{whole}{fraction:0<15}");
        let units = digits
            .bytes()
            .fold(0, |sum, byte| sum * 10 + i128::from(byte - b'0'));
        if text.starts_with('-') { -units } else { units }
    }

    #[test]
    fn ten_comes_after_nine() {
        assert_eq!(compare("10", "9"), Ordering::Greater);
        assert_eq!(compare("-10", "-9"), Ordering::Less);
        assert_eq!(compare("1.50", "1.5"), Ordering::Equal);
        assert_eq!(compare("-0.0", "0"), Ordering::Equal);
        assert_eq!(compare("0.1", "0.09"), Ordering::Greater);
        for (exponent, plain) in [
            ("1.0e-05", "0.00001"),
            ("-2.5e+20", "-250000000000000000000"),
            ("1.25E1", "12.5"),
            ("1e0", "1"),
            ("0.0e+00", "0"),
            ("5e-1", "0.5"),
        ] {
            assert_eq!(compare(exponent, plain), Ordering::Equal, "{exponent}");
            assert_eq!(compare(plain, exponent), Ordering::Equal, "{exponent}");
        }
        assert_eq!(compare("0.00002", "1.0e-05"), Ordering::Greater);
        assert_eq!(
            compare("abc", "99999999999999999999999999999999"),
            Ordering::Greater
        );
    }

    proptest! {
        #[test]
        fn it_agrees_with_exact_integers(
            left in "-?[0-9]{1,15}(\\.[0-9]{1,15})?",
            right in "-?[0-9]{1,15}(\\.[0-9]{1,15})?",
        ) {
            prop_assert_eq!(compare(&left, &right), units(&left).cmp(&units(&right)));
        }

        #[test]
        fn digits_beyond_any_number_type_count(
            whole in "[1-9][0-9]{0,80}", fraction in "[0-9]{0,79}[1-9]", negative: bool,
        ) {
            let sign = if negative { "-" } else { "" };
            let shorter = format!("{sign}{whole}");
            let longer = format!("{sign}{whole}.{fraction}");
            let expected = if negative { Ordering::Less } else { Ordering::Greater };
            prop_assert_eq!(compare(&longer, &shorter), expected);
            let padded = format!("{longer}000");
            prop_assert_eq!(compare(&longer, &padded), Ordering::Equal);
        }

        #[test]
        fn the_order_is_total(mut texts in proptest::collection::vec("[-.0-9a]{0,6}", 3)) {
            texts.sort_by(|left, right| compare(left, right));
            for pair in texts.windows(2) {
                prop_assert_ne!(compare(&pair[0], &pair[1]), Ordering::Greater);
                prop_assert_eq!(compare(&pair[0], &pair[1]), compare(&pair[1], &pair[0]).reverse());
            }
            prop_assert_ne!(compare(&texts[0], &texts[2]), Ordering::Greater);
        }
    }
}
