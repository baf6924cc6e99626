//! The last line of defence: takes what looks like a secret out of a text that people will see. Secrets are not logged in the first
//! place; messages of libraries and programs are not ours, though.

/// What stands for a secret.
const GONE: &str = "[removed]";

/// Words before `=` or `:` whose value is nobody's business.
const NAMES: [&str; 14] = [
    "password",
    "passwort",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "authorization",
    "cookie",
    "csrf",
    "session",
    "otp",
    "credential",
];

/// The text without passwords in addresses, values of `password=`, `token:` and the like, `Bearer …` and `/setup/…`.
pub fn scrub(text: &str) -> String {
    let text = addresses(text);
    let text = after(&text, "bearer ");
    let text = after(&text, "basic ");
    let text = after(&text, "/setup/");
    named(&text)
}

/// `scheme://user:password@host` without what stands before the `@`.
fn addresses(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        clean.push_str(before);
        let end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '?' | '#' | '<' | '>'))
            .unwrap_or(after.len());
        rest = match after[..end].rfind('@') {
            Some(sign) => {
                clean.push_str(GONE);
                &after[sign..]
            }
            None => after,
        };
    }
    clean + rest
}

fn is_end(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '&' | ')' | '}' | ']' | '<' | '>')
}

/// The word after each `mark` is taken out; upper and lower case are the same.
fn after(text: &str, mark: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut clean = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(found) = lower[from..].find(mark) {
        let start = from + found + mark.len();
        let end = text[start..].find(is_end).map_or(text.len(), |length| start + length);
        clean.push_str(&text[from..start]);
        if end > start {
            clean.push_str(GONE);
        }
        from = end;
    }
    clean + &text[from..]
}

/// `name=value`, `name: value`, `"name": "value"` for the names above.
fn named(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(sign) = rest.find(['=', ':']) {
        let name = rest[..sign].trim_end_matches(['"', '\'', ' ']);
        let word = name.rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).next().unwrap_or_default();
        let word = word.to_ascii_lowercase().replace('-', "_");
        let secret = NAMES.iter().any(|name| word.ends_with(name));
        let mut value = sign + 1;
        clean.push_str(&rest[..value]);
        if secret {
            let quoted = rest[value..].trim_start_matches([' ', '"', '\'', '\\']);
            let start = rest.len() - quoted.len();
            clean.push_str(&rest[value..start]);
            let end = quoted.find(is_end).map_or(rest.len(), |length| start + length);
            if end > start {
                clean.push_str(GONE);
            }
            value = end;
        }
        rest = &rest[value..];
    }
    clean + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_and_the_rest_stays() {
        for (text, clean) in [
            ("postgres://me:geheim@db.example/x?y", "postgres://[removed]@db.example/x?y"),
            ("postgres://me:p@ss@h/x and http://h/a@b", "postgres://[removed]@h/x and http://h/a@b"),
            ("Authorization: Bearer d2i_abc", "Authorization: [removed] [removed]"),
            ("password=hunter2 user=me", "password=[removed] user=me"),
            ("{\"api_token\":\"d2i_x\",\"drive\":\"sr0\"}", "{\"api_token\":\"[removed]\",\"drive\":\"sr0\"}"),
            ("open http://localhost:8080/setup/AbC-1 now", "open http://localhost:8080/setup/[removed] now"),
            ("set-cookie: session=abc; Path=/", "set-cookie: [removed]; Path=/"),
            ("PASSWORT: geheim", "PASSWORT: [removed]"),
            ("drive: sr0, sectors=5, at 10:30:00", "drive: sr0, sectors=5, at 10:30:00"),
            ("Größe: 5 — bearer ü", "Größe: 5 — bearer [removed]"),
            ("", ""),
        ] {
            assert_eq!(scrub(text), clean);
        }
    }

    #[test]
    fn nothing_makes_it_panic() {
        for text in ["://", "@", "=", ":", "://@", "bearer ", "token=", "token=\"", "ä://ö:ü@ß", "K\u{212a}EY=1 ſession=2"] {
            scrub(text);
        }
    }
}
