//! What accounts and tokens may be called, and what a password may be.

/// Longest name of an account or a token, in characters.
pub const MAX_NAME: usize = 64;
/// Shortest password, in characters.
pub const MIN_PASSWORD: usize = 10;
/// Longest password in bytes: hashing more would be work for whoever wants to keep us busy.
pub const MAX_PASSWORD: usize = 1024;

/// Two names with the same key are the same account: case does not count.
pub fn name_key(name: &str) -> String {
    name.trim().chars().take(MAX_NAME).collect::<String>().to_lowercase().replace('\0', "")
}

/// A name as it is stored, or what is wrong with it.
///
/// # Errors
/// A sentence with what is allowed.
pub fn check_name(name: &str) -> Result<String, String> {
    let name = name.trim();
    // Direction marks and invisible characters make two names look alike.
    let hidden = |c: char| {
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    if name.is_empty() {
        return Err("must not be empty".to_owned());
    }
    if name.chars().count() > MAX_NAME {
        return Err(format!("may have at most {MAX_NAME} characters"));
    }
    if name.chars().any(|c| hidden(c) || c == ':') {
        return Err("may not contain a colon, control characters or invisible ones".to_owned());
    }
    Ok(name.to_owned())
}

/// Whether a password is long enough. Nothing is asked of its characters: length is what counts (NIST SP 800-63B, 3.1.1.2).
///
/// # Errors
/// A sentence with what is allowed.
pub fn check_password(password: &str, name: &str) -> Result<(), String> {
    if password.chars().count() < MIN_PASSWORD {
        return Err(format!("must have at least {MIN_PASSWORD} characters"));
    }
    if password.len() > MAX_PASSWORD {
        return Err(format!("may have at most {MAX_PASSWORD} bytes"));
    }
    let first = password.chars().next();
    if password.chars().all(|c| Some(c) == first) {
        return Err("must not be one character repeated".to_owned());
    }
    if name_key(password) == name_key(name) {
        return Err("must not be the name of the account".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_bounded_and_visible() {
        assert_eq!(check_name("  Jörg Müller ").as_deref(), Ok("Jörg Müller"));
        for bad in ["", "   ", "a:b", "a\u{202e}b", "a\nb", &"x".repeat(MAX_NAME + 1)] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
        assert_eq!((name_key(" JÖRG "), name_key("jörg")), ("jörg".to_owned(), "jörg".to_owned()));
    }

    #[test]
    fn a_password_is_long_and_may_be_anything_else() {
        assert!(check_password("correct horse", "a").is_ok() && check_password("пароль длинный", "a").is_ok());
        for bad in ["short", "aaaaaaaaaaaaaa", &"ab".repeat(513)] {
            assert!(check_password(bad, "a").is_err(), "{bad}");
        }
        assert!(check_password("Administrator", "administrator").is_err());
    }
}
