//! Names on a disc are a stranger's text: they become parts of paths that can be shown and stored.

/// Longest name kept, in characters; the file systems have 255 at most.
const MAX_NAME: usize = 255;
/// What stands for a name of which nothing is left.
const NAMELESS: &str = "_";

/// One part of a path: without control characters and marks that change the direction of writing, separators turned into `_`,
/// never empty, `.` or `..`.
pub(in crate::filesystems) fn clean_name(raw: &str) -> String {
    let visible = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let name: String =
        raw.chars().filter(visible).map(|c| if matches!(c, '/' | '\\') { '_' } else { c }).take(MAX_NAME).collect();
    match name.as_str() {
        "" | "." | ".." => NAMELESS.to_owned(),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::clean_name;

    #[test]
    fn a_name_is_one_harmless_part_of_a_path() {
        for (raw, clean) in [
            ("read me.txt", "read me.txt"),
            ("..", "_"),
            ("\u{0}", "_"),
            ("a/b\\c", "a_b_c"),
            ("\u{202e}gpj.exe\n", "gpj.exe"),
            ("日本", "日本"),
        ] {
            assert_eq!(clean_name(raw), clean);
        }
        assert_eq!(clean_name(&"x".repeat(5000)).len(), 255);
    }
}
