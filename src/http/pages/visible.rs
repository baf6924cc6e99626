//! Names from strangers, so that people see what is in them: characters that are invisible, or that turn the reading direction,
//! are written as their numbers. Joiners stay: scripts and emoji are made of them.

/// The text with every such character made visible.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            shown.push_str(&format!("⟨U+{:04X}⟩", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    shown
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{feff}' | '\u{fffc}')
        || matches!(c, '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn what_deceives_is_shown() {
        assert_eq!(visible("photo\u{202e}gpj.exe"), "photo⟨U+202E⟩gpj.exe");
        assert_eq!(visible("a\nb\u{7f}\u{0}\u{85}"), "a⟨U+000A⟩b⟨U+007F⟩⟨U+0000⟩⟨U+0085⟩");
        assert_eq!(visible("عربي 日本語 é 👩\u{200d}👧 <b>"), "عربي 日本語 é 👩\u{200d}👧 <b>");
    }
}
