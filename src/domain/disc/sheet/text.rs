//! Words, times and names in sheets.

use super::{MAX_SECTORS, SheetError};

/// Longest text that is kept, in characters; CD-Text has room for 160.
const MAX_TEXT: usize = 256;

/// Time as sheets write it: minutes, seconds and sectors of 1/75 s.
pub(super) fn time(sectors: u64) -> String {
    format!("{:02}:{:02}:{:02}", sectors / 75 / 60, sectors / 75 % 60, sectors % 75)
}

/// Sectors of such a time.
pub(super) fn parse_time(text: &str) -> Option<u64> {
    let mut parts = text.split(':').map(|part| {
        let digits = (1..=5).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if digits { part.parse::<u64>().ok() } else { None }
    });
    let (minutes, seconds, sectors) = (parts.next()??, parts.next()??, parts.next()??);
    let total = (minutes * 60 + seconds) * 75 + sectors;
    (parts.next().is_none() && seconds < 60 && sectors < 75 && total <= MAX_SECTORS).then_some(total)
}

/// Text of a disc without control characters, marks that turn the reading direction, and surplus length.
pub(super) fn clean(raw: &str) -> String {
    let visible = |c: &char| {
        !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    raw.chars().filter(visible).take(MAX_TEXT).collect::<String>().trim().to_owned()
}

/// Whether this names a file in the sheet's own folder, and can stand between quotes.
pub(super) fn is_plain_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && name.len() <= 255 && clean(name) == name && !name.contains(['/', '\\', '"'])
}

/// The last component of a path that a sheet gives, if that is a plain name.
pub(super) fn file_name(path: &str) -> Option<String> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    is_plain_name(name).then(|| name.to_owned())
}

/// Media catalogue number: 13 digits.
pub(super) fn catalog(text: &str) -> Option<String> {
    (text.len() == 13 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.to_owned())
}

/// International Standard Recording Code: 12 letters and digits; written with dashes by some.
pub(super) fn isrc(text: &str) -> Option<String> {
    let code: String = text.chars().filter(|c| *c != '-').take(13).map(|c| c.to_ascii_uppercase()).collect();
    (code.len() == 12 && code.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(code)
}

/// An error in a line.
pub(super) fn wrong<T>(line: usize, what: &'static str) -> Result<T, SheetError> {
    Err(SheetError::Line { line, what })
}
