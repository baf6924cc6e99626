//! Words, texts and brackets of a `.toc`.

use super::SESSION;

/// A piece of the file with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Anything without blanks.
    Word(String),
    /// What stood between quotation marks, escapes resolved.
    Text(String),
    /// `{`
    Open,
    /// `}`
    Close,
    /// The comment that names the session of the tracks after it.
    Session(u8),
}

/// Cuts a file into pieces; commas are blanks, `//` begins a comment. An open text ends with the file.
pub(super) fn tokens(text: &str) -> Vec<(usize, Token)> {
    let mut tokens = Vec::new();
    for (line, mut rest) in (1..).zip(text.lines()) {
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            let Some(first) = rest.chars().next() else { break };
            if rest.starts_with("//") {
                let session = rest.strip_prefix(SESSION).and_then(|number| number.trim().parse().ok());
                tokens.extend(session.map(|session| (line, Token::Session(session))));
                break;
            }
            let (token, length) = match first {
                '{' => (Token::Open, 1),
                '}' => (Token::Close, 1),
                '"' => text_token(&rest[1..]),
                _ => {
                    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | '{' | '}' | '"')).unwrap_or(rest.len());
                    (Token::Word(rest[..end].to_owned()), end)
                }
            };
            tokens.push((line, token));
            rest = &rest[length..];
        }
    }
    tokens
}

/// The text up to the closing quotation mark, and the length of all that with both marks.
fn text_token(rest: &str) -> (Token, usize) {
    let mut text = String::new();
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (Token::Text(text), at + 2),
            '\\' => {
                // Three octal digits are one character of Latin-1; anything else stands for itself.
                let digits: String = rest[at + 1..].chars().take(3).take_while(|c| ('0'..='7').contains(c)).collect();
                match u8::from_str_radix(&digits, 8) {
                    Ok(byte) if digits.len() == 3 => {
                        text.push(char::from(byte));
                        chars.nth(2);
                    }
                    _ => text.extend(chars.next().map(|(_, c)| c)),
                }
            }
            c => text.push(c),
        }
    }
    (Token::Text(text), rest.len() + 1)
}
