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
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    match (Decimal::parse(left), Decimal::parse(right)) {
        (Some(left), Some(right)) => compare_decimals(left, right),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => left.as_bytes().cmp(right.as_bytes()),
    }
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
