//! Fields of forms: label, help, value and what is wrong, ready for the template `fields.html`.

use crate::{error::Problem, http::form::Form, http::words::Language};
use std::collections::BTreeMap;

/// One field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    /// Name in the form.
    pub name: String,
    /// Id in the page.
    pub id: String,
    /// `text`, `number`, `select`, `radio` or `ticks`.
    pub kind: &'static str,
    /// What it is.
    pub label: &'static str,
    /// What it does.
    pub help: String,
    /// What is wrong with the value.
    pub error: Option<String>,
    /// Value of a text or number.
    pub value: String,
    /// What holds while the field is empty.
    pub placeholder: String,
    /// Smallest number.
    pub min: i64,
    /// Largest number, or longest text in characters.
    pub max: i64,
    /// Unit of the number.
    pub unit: &'static str,
    /// What can be chosen.
    pub choices: Vec<Choice>,
}

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Value in the form.
    pub value: &'static str,
    /// What it is.
    pub label: String,
    /// What it does; may be empty.
    pub help: &'static str,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// What is wrong, by the name of the field.
pub type Mistakes = BTreeMap<String, String>;

impl Field {
    /// A field of this kind.
    pub fn new(name: &str, kind: &'static str, label: &'static str, help: impl Into<String>, mistakes: &Mistakes) -> Self {
        let id = format!("field-{}", name.replace(['.', '_'], "-"));
        let error = mistakes.get(name).cloned();
        Self { name: name.to_owned(), id, kind, label, help: help.into(), error, ..Self::default() }
    }

    /// With this value.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>, placeholder: impl Into<String>) -> Self {
        (self.value, self.placeholder) = (value.into(), placeholder.into());
        self
    }

    /// With what is allowed.
    #[must_use]
    pub fn range(mut self, min: i64, max: i64, unit: &'static str) -> Self {
        (self.min, self.max, self.unit) = (min, max, unit);
        self
    }

    /// With what can be chosen.
    #[must_use]
    pub fn choices(mut self, choices: Vec<Choice>) -> Self {
        self.choices = choices;
        self
    }
}

impl Choice {
    /// A choice without an explanation.
    pub fn new(value: &'static str, label: impl Into<String>, chosen: bool) -> Self {
        Self { value, label: label.into(), help: "", chosen }
    }
}

/// A whole number within its range; nothing if the field is empty. A mistake is noted in the page's language.
pub fn number(form: &Form, name: &str, min: i64, max: i64, language: Language, mistakes: &mut Mistakes) -> Option<i64> {
    let text = form.text(name)?;
    let found = text.parse::<i64>().ok().filter(|number| (min..=max).contains(number));
    if found.is_none() {
        let said: String = text.chars().take(40).collect();
        let why = language.pick(
            format!("{said:?} is not allowed; a whole number from {min} to {max}"),
            format!("„{said}“ ist nicht erlaubt; eine ganze Zahl von {min} bis {max}"),
        );
        mistakes.insert(name.to_owned(), why);
    }
    found
}

/// One of these words; nothing if the field is empty. A mistake is noted in the page's language.
pub fn word<'a>(form: &'a Form, name: &str, allowed: &[&str], language: Language, mistakes: &mut Mistakes) -> Option<&'a str> {
    let text = form.text(name)?;
    if allowed.contains(&text) {
        return Some(text);
    }
    let list = allowed.join(", ");
    mistakes.insert(name.to_owned(), language.pick(format!("One of: {list}"), format!("Eines von: {list}")));
    None
}

/// Notes what the service refused at its field; a refusal about something else is given back.
///
/// # Errors
/// The refusal, if it is not about a field of the form.
pub fn refused(problem: Problem, known: &[&str], language: Language, mistakes: &mut Mistakes) -> Result<(), Problem> {
    let Some(field) = problem.field.clone().filter(|field| known.contains(&field.as_str()) || field.starts_with("options."))
    else {
        return Err(problem);
    };
    let german = match field.as_str() {
        "name" => Some("1 bis 64 Zeichen, keine Steuerzeichen, kein / oder \\, kein Leerzeichen am Rand"),
        "filename" => Some(
            "Der Name darf nicht leer sein, nicht mit einem Punkt beginnen, keinen Ordner und keine Steuerzeichen enthalten und \
             höchstens 200 Byte lang sein",
        ),
        "output_path" => Some("Der Ordner muss in einem der erlaubten Ordner liegen und darf kein .. enthalten"),
        _ => None,
    };
    let detail = problem.detail.clone();
    mistakes.insert(field, language.pick(Some(detail.clone()), german.map(str::to_owned)).unwrap_or(detail));
    Ok(())
}
