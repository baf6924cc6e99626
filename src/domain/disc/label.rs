//! Labels come from strangers: they are cleaned before they are shown, stored or made into a file name.

/// Longest label kept, in characters. ISO 9660 has 32, UDF 126.
const MAX: usize = 128;

/// Removes control characters and trailing padding, turns separators of paths into `_`, bounds the length.
pub fn clean_label(raw: &str) -> String {
    let visible = |c: &char| !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let text: String = raw.chars().filter(visible).map(|c| if matches!(c, '/' | '\\') { '_' } else { c }).take(MAX).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::clean_label;

    #[test]
    fn hostile_labels_become_harmless() {
        assert_eq!(clean_label("PHOTOS 2004     "), "PHOTOS 2004");
        assert_eq!(clean_label("../../etc/passwd\0\u{1b}[31m"), ".._.._etc_passwd[31m");
        assert_eq!(clean_label("\u{202e}gpj.exe"), "gpj.exe");
        assert_eq!(clean_label(&"x".repeat(5000)).len(), 128);
    }
}
