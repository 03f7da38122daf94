//! UUID: hyphenated lower case in `Any`, sixteen bytes in PostgreSQL's wire form.

/// What text should look like that is no UUID.
pub(super) const EXPECTED: &str = "write 01890a5d-ac96-774b-bcce-b302099a8057";

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Where the hyphens stand: 8-4-4-4-12.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// The hyphenated lower-case form of 16 bytes.
pub(super) fn format(bytes: [u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for byte in bytes {
        if HYPHENS.contains(&text.len()) {
            text.push('-');
        }
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 15)]));
    }
    text
}

/// The bytes of a hyphenated form, in either case; `None` if it is anything else.
pub(super) fn parse(text: &str) -> Option<[u8; 16]> {
    if text.len() != 36 {
        return None;
    }
    let mut bytes = [0; 16];
    let mut digits = 0_usize;
    for (index, byte) in text.bytes().enumerate() {
        if HYPHENS.contains(&index) {
            if byte != b'-' {
                return None;
            }
            continue;
        }
        let digit = u8::try_from(char::from(byte).to_digit(16)?).ok()?;
        bytes[digits / 2] = bytes[digits / 2] << 4 | digit;
        digits += 1;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    #[test]
    fn the_hyphenated_form_is_read_and_written() {
        assert_eq!(parse(TEXT).map(format).as_deref(), Some(TEXT));
        assert_eq!(
            parse(&TEXT.to_uppercase()).map(format).as_deref(),
            Some(TEXT)
        );
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "01890a5d-ac96-774b-bcce-b302099a805",
            "01890a5d-ac96-774b-bcce-b302099a80570",
            "01890a5dac96774bbcceb302099a8057",
            "01890a5d-ac96-774b-bcceb-302099a8057",
            "01890a5d-ac96-774b-bcce-b302099a805g",
            "{1890a5d-ac96-774b-bcce-b302099a805}",
            "é1890a5d-ac96-774b-bcce-b302099a805",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
