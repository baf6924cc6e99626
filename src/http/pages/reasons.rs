//! What is wrong with what somebody typed at a form about accounts, in the language of the page.

use crate::{
    error::{Code, Problem},
    http::words::Language,
};

/// English words of the checks (`domain/access`, `http/auth/accounts.rs`), and German ones. `#` stands for a number.
const REASONS: [(&str, &str); 10] = [
    ("must not be empty", "darf nicht leer sein"),
    ("may have at most # characters", "darf höchstens # Zeichen haben"),
    (
        "may not contain a colon, control characters or invisible ones",
        "darf keinen Doppelpunkt und keine unsichtbaren Zeichen enthalten",
    ),
    ("must have at least # characters", "muss mindestens # Zeichen haben"),
    ("may have at most # bytes", "darf höchstens # Byte haben"),
    ("must not be one character repeated", "darf nicht nur aus einem Zeichen bestehen"),
    ("must not be the name of the account", "darf nicht der Name des Kontos sein"),
    ("is not the same password", "ist nicht dasselbe Passwort"),
    ("is not your password", "ist nicht dein Passwort"),
    ("is not the code that the app shows now", "ist nicht der Code, den die App gerade zeigt"),
];

/// The sentence for this page.
pub fn reason(problem: &Problem, language: Language) -> String {
    if language == Language::En {
        return problem.detail.clone();
    }
    match problem.code {
        Code::UserNameTaken => return "Ein Konto mit diesem Namen gibt es schon".to_owned(),
        Code::LastAdmin => return "Das ist das letzte Konto mit Verwaltungsrecht; zuerst ein anderes dazu machen".to_owned(),
        _ => {}
    }
    let number: String = problem.detail.chars().filter(char::is_ascii_digit).collect();
    let plain = if number.is_empty() { problem.detail.clone() } else { problem.detail.replace(&number, "#") };
    if problem.code == Code::RateLimited {
        return format!("Zu viele falsche Passwörter; nächster Versuch in {number} s");
    }
    let known = REASONS.iter().find(|(english, _)| *english == plain);
    known.map_or_else(|| problem.detail.clone(), |(_, german)| german.replace('#', &number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::{check_name, check_password};

    #[test]
    fn every_check_has_german_words() {
        let long = "x".repeat(100);
        let names = ["", &long, "a:b"].map(|name| check_name(name).expect_err("refused"));
        let passwords = ["short", "aaaaaaaaaaaa", &"ab".repeat(600), "Administrator"];
        let passwords = passwords.map(|password| check_password(password, "administrator").expect_err("refused"));
        for english in names.into_iter().chain(passwords) {
            let problem = Problem::field("field", english.clone());
            assert_eq!(reason(&problem, Language::En), english);
            let german = reason(&problem, Language::De);
            assert!(german != english && !german.contains('#'), "{german}");
        }
    }
}
