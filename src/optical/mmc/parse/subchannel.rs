//! READ SUB-CHANNEL: catalogue number and recording codes (MMC-3 section 6.24).

/// Bit that says that the number is one.
const VALID: u8 = 0x80;

/// Media catalogue number of 13 digits; `None` if there is none. Thirteen zeros are none: some drives make them up.
pub fn catalogue_number(bytes: &[u8]) -> Option<String> {
    let digits = bytes.get(9..22)?;
    let valid = bytes[4] == 2 && bytes[8] & VALID != 0;
    let plausible = digits.iter().all(u8::is_ascii_digit) && digits.iter().any(|digit| *digit != b'0');
    (valid && plausible).then(|| digits.iter().map(|digit| char::from(*digit)).collect())
}

/// International Standard Recording Code of 12 characters; `None` if there is none.
pub fn isrc(bytes: &[u8]) -> Option<String> {
    let code = bytes.get(9..21)?;
    let valid = bytes[4] == 3 && bytes[8] & VALID != 0;
    let plausible = code[..5].iter().all(u8::is_ascii_alphanumeric)
        && code[5..].iter().all(u8::is_ascii_digit)
        && code.iter().any(|character| *character != b'0');
    (valid && plausible).then(|| code.iter().map(|character| char::from(character.to_ascii_uppercase())).collect())
}
