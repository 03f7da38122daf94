//! Numbers of a fixed width inside a text.

/// The decimal number that stands in `bytes[at..at + width]`, or `None` where these are not all
/// ASCII digits. `width` is at most nine.
pub(super) fn fixed(bytes: &[u8], at: usize, width: usize) -> Option<u32> {
    bytes.get(at..at + width)?.iter().try_fold(0, |sum, byte| {
        byte.is_ascii_digit()
            .then(|| sum * 10 + u32::from(byte - b'0'))
    })
}

/// As [`fixed`] with a width of two.
pub(super) fn two(bytes: &[u8], at: usize) -> Option<u8> {
    u8::try_from(fixed(bytes, at, 2)?).ok()
}
