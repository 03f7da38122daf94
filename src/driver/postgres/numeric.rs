//! NUMERIC: base-10000 digits on the wire, plain text in `Any`.
//!
//! The wire form is that of PostgreSQL's `numeric_send` (`src/backend/utils/adt/numeric.c`): four
//! 16-bit numbers (how many digits follow, the weight of the first one as a power of 10000, the
//! sign, the digits to display after the point), then the digits.

use crate::driver::decimal::Plain;

const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;

/// How many decimal digits a wire digit holds.
const GROUP: usize = 4;

/// Why bytes or text are no number that `Any` can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumericFault {
    /// NaN or an infinity.
    NotFinite,
    /// Not in the form that it should have.
    Malformed,
}

/// Writes the wire form of plain text: an optional sign, digits, and optionally a point and digits.
/// `None` if the text is anything else or longer than PostgreSQL takes; nothing is written then.
pub(super) fn encode(text: &str, buffer: &mut Vec<u8>) -> Option<()> {
    let plain = Plain::parse(text)?;
    let (integer, fraction) = (plain.integer, plain.fraction);
    let sign = if plain.negative { NEGATIVE } else { POSITIVE };

    let padding = (GROUP - integer.len() % GROUP) % GROUP;
    let digits: Vec<u8> = std::iter::repeat_n(b'0', padding)
        .chain(integer.bytes())
        .chain(fraction.bytes())
        .map(|byte| byte - b'0')
        .collect();
    let mut groups: Vec<u16> = digits
        .chunks(GROUP)
        .map(|chunk| {
            (0..GROUP).fold(0, |value, index| {
                value * 10 + u16::from(chunk.get(index).copied().unwrap_or(0))
            })
        })
        .collect();
    while groups.last() == Some(&0) {
        groups.pop();
    }
    let leading = groups.iter().take_while(|&&group| group == 0).count();
    groups.drain(..leading);

    let integer_groups = i32::try_from(integer.len().div_ceil(GROUP)).ok()?;
    let weight = integer_groups - 1 - i32::try_from(leading).ok()?;
    let (sign, weight) = if groups.is_empty() {
        (POSITIVE, 0)
    } else {
        (sign, i16::try_from(weight).ok()?)
    };
    buffer.extend(u16::try_from(groups.len()).ok()?.to_be_bytes());
    buffer.extend(weight.to_be_bytes());
    buffer.extend(sign.to_be_bytes());
    buffer.extend(u16::try_from(fraction.len()).ok()?.to_be_bytes());
    buffer.extend(groups.iter().flat_map(|group| group.to_be_bytes()));
    Some(())
}

/// The plain text of the wire form, without zeros at the end of the fraction.
pub(super) fn decode(bytes: &[u8]) -> Result<String, NumericFault> {
    let (header, body) = bytes
        .split_first_chunk::<8>()
        .ok_or(NumericFault::Malformed)?;
    let count = usize::from(u16::from_be_bytes([header[0], header[1]]));
    let weight = i32::from(i16::from_be_bytes([header[2], header[3]]));
    let sign = u16::from_be_bytes([header[4], header[5]]);
    if body.len() != count * 2 {
        return Err(NumericFault::Malformed);
    }
    match sign {
        POSITIVE | NEGATIVE => {}
        _ => return Err(NumericFault::NotFinite),
    }

    let mut digits = body
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let integer_groups = usize::try_from(weight + 1).unwrap_or(0);
    let mut text = String::with_capacity(3 + GROUP * (count.max(integer_groups) + 1));
    if sign == NEGATIVE && count > 0 {
        text.push('-');
    }
    for index in 0..integer_groups {
        push_group(&mut text, digits.next().unwrap_or(0), index > 0);
    }
    if integer_groups == 0 {
        text.push('0');
    }
    text.push('.');
    let zero_groups = usize::try_from(-(weight + 1)).unwrap_or(0);
    if count > 0 {
        text.extend(std::iter::repeat_n('0', zero_groups * GROUP));
    }
    for group in digits {
        push_group(&mut text, group, true);
    }
    trim_fraction(&mut text);
    Ok(text)
}

/// The plain text of the server's text form, normalised as [`decode`] does.
pub(super) fn normalise(text: &str) -> Result<String, NumericFault> {
    match text {
        "NaN" | "Infinity" | "-Infinity" => Err(NumericFault::NotFinite),
        _ => {
            let mut text = text.to_owned();
            if text.contains('.') {
                trim_fraction(&mut text);
            }
            Ok(text)
        }
    }
}

fn push_group(text: &mut String, group: u16, padded: bool) {
    let mut divisor = 1000;
    let mut started = padded;
    while divisor > 0 {
        let digit = group / divisor % 10;
        started |= digit > 0 || divisor == 1;
        if started {
            text.push(char::from(b'0' + u8::try_from(digit).unwrap_or(0)));
        }
        divisor /= 10;
    }
}

/// Removes the zeros at the end of the fraction, and the point if nothing is left of it.
fn trim_fraction(text: &mut String) {
    let kept = text.trim_end_matches('0').trim_end_matches('.').len();
    text.truncate(kept);
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn through(text: &str) -> String {
        let mut bytes = Vec::new();
        encode(text, &mut bytes).unwrap();
        decode(&bytes).unwrap()
    }

    #[test]
    fn every_digit_survives() {
        for text in [
            "0",
            "1",
            "-1",
            "10",
            "9999",
            "10000",
            "10001",
            "100000000",
            "0.1",
            "0.0001",
            "0.00001",
            "0.00000000001",
            "1.5",
            "12345678901234567.1234",
            "-99999999999999999999999999.99999999999999999999",
            "79228162514264337593543950335",
            "1000000000000.0000000000001",
        ] {
            assert_eq!(through(text), text);
        }
    }

    #[test]
    fn zeros_that_mean_nothing_go() {
        for (text, expected) in [
            ("1.50000000", "1.5"),
            ("00012.00", "12"),
            ("+7", "7"),
            ("-0.0", "0"),
            ("-0", "0"),
            ("0.10", "0.1"),
            ("100", "100"),
            ("20000.0", "20000"),
        ] {
            assert_eq!(through(text), expected);
        }
    }

    #[test]
    fn the_wire_form_is_the_servers() {
        let mut bytes = Vec::new();
        encode("-12345.678", &mut bytes).unwrap();
        // select encode(numeric_send(-12345.678), 'hex')
        let expected = [0, 3, 0, 1, 0x40, 0, 0, 3, 0, 1, 0x09, 0x29, 0x1a, 0x7c];
        assert_eq!(bytes, expected);
    }

    #[test]
    fn what_is_no_plain_number_is_refused() {
        for text in [
            "", "-", "+", ".", ".5", "5.", "1e5", "NaN", "Infinity", " 1", "1 ", "1_000", "0x1",
            "--1", "1.2.3", "١", "1,5",
        ] {
            assert_eq!(encode(text, &mut Vec::new()), None, "{text}");
        }
        assert_eq!(encode(&"9".repeat(131_073), &mut Vec::new()), None);
        assert_eq!(
            encode(&format!("0.{}", "1".repeat(16_384)), &mut Vec::new()),
            None
        );
    }

    #[test]
    fn the_longest_numbers_survive() {
        let text = format!("-{}.{}", "9".repeat(131_072), "1".repeat(16_383));
        assert_eq!(through(&text), text);
    }

    #[test]
    fn nan_and_infinities_are_refused() {
        for sign in [0xC000_u16, 0xD000, 0xF000] {
            let [high, low] = sign.to_be_bytes();
            let bytes = [0, 0, 0, 0, high, low, 0, 0];
            assert_eq!(decode(&bytes), Err(NumericFault::NotFinite));
        }
        assert_eq!(normalise("NaN"), Err(NumericFault::NotFinite));
    }

    #[test]
    fn cut_bytes_are_refused() {
        assert_eq!(decode(&[0, 1, 0, 0]), Err(NumericFault::Malformed));
        assert_eq!(
            decode(&[0, 1, 0, 0, 0, 0, 0, 0]),
            Err(NumericFault::Malformed)
        );
    }
}
