//! A setting as a field of a form.

use crate::{
    config::{Applies, Input, Origin},
    http::{
        form::Form,
        settings::{Overview, Refusal, Setting, Wish},
        words::Language,
    },
};

/// One field.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name in the form: that of the setting.
    pub name: &'static str,
    /// Of the element.
    pub id: String,
    /// What it is called.
    pub title: &'static str,
    /// What it does.
    pub text: &'static str,
    /// Word of the kind of input: `switch`, `number`, `choice`, `text`.
    pub input: &'static str,
    /// What stands in it.
    pub value: String,
    /// For numbers.
    pub least: u64,
    /// For numbers.
    pub most: u64,
    /// For numbers.
    pub unit: &'static str,
    /// For choices: value and word.
    pub choices: Vec<(&'static str, &'static str)>,
    /// What is wrong with it.
    pub error: Option<String>,
    /// Why it cannot be changed here.
    pub locked: Option<String>,
    /// What is in effect until the next start.
    pub until_restart: Option<String>,
    /// When a change counts.
    pub applies: &'static str,
    /// Where its value comes from.
    pub origin: &'static str,
    /// Whether only its beginning and end can be seen without space: folders.
    pub wide: bool,
}

impl Field {
    /// Whether a switch is on.
    pub fn on(&self) -> bool {
        matches!(self.value.as_str(), "1" | "true")
    }
}

/// Those settings as fields; after a refusal with what was typed and what is wrong with it.
pub fn fields(
    overview: &Overview,
    wanted: impl Fn(&Setting) -> bool,
    refused: Option<(&Wish, &[Refusal])>,
    language: Language,
) -> Vec<Field> {
    overview.settings.iter().filter(|setting| wanted(setting)).map(|setting| field(setting, refused, language)).collect()
}

fn field(setting: &Setting, refused: Option<(&Wish, &[Refusal])>, language: Language) -> Field {
    let Setting { key, help, now, next, origin, locked } = setting;
    let typed = refused.and_then(|(wish, _)| wish.get(key.name).cloned().flatten());
    let error = refused.and_then(|(_, refused)| refused.iter().find(|refusal| refusal.key == key.name));
    let (input, least, most, unit, choices) = match help.input {
        Input::Switch => ("switch", 0, 0, "", Vec::new()),
        Input::Number(least, most, unit) => ("number", least, most, language.pick(unit.0, unit.1), Vec::new()),
        Input::Choice(choices) => {
            ("choice", 0, 0, "", choices.iter().map(|(value, en, de)| (*value, language.pick(*en, *de))).collect())
        }
        Input::Text | Input::Path | Input::Paths | Input::Words => ("text", 0, 0, "", Vec::new()),
    };
    Field {
        name: key.name,
        id: format!("set-{}", key.name.replace('.', "-")),
        title: language.pick(help.title.0, help.title.1),
        text: language.pick(help.text.0, help.text.1),
        input,
        value: typed.unwrap_or_else(|| next.clone()),
        least,
        most,
        unit,
        choices,
        error: error.map(|refusal| language.pick(&refusal.why.en, &refusal.why.de).clone()),
        locked: locked.as_ref().map(|why| language.pick(&why.en, &why.de).clone()),
        until_restart: setting.is_pending().then(|| now.clone()),
        applies: match help.applies {
            Applies::Now | Applies::NowFromFile => language.pick("counts at once", "gilt sofort"),
            Applies::Restart => language.pick("counts after a restart", "gilt nach einem Neustart"),
            Applies::Never(..) => "",
        },
        origin: match origin {
            None => language.pick("as delivered", "wie ausgeliefert"),
            Some(Origin::File) => language.pick("from the configuration file", "aus der Konfigurationsdatei"),
            Some(Origin::Stored) => language.pick("set here", "hier gesetzt"),
            Some(Origin::Environment) => language.pick("from the environment", "aus der Umgebung"),
        },
        wide: matches!(help.input, Input::Path | Input::Paths),
    }
}

/// What a form says about a setting; `None`: it does not stand in the form.
pub fn posted(setting: &Setting, form: &Form) -> Option<String> {
    let name = setting.key.name;
    match setting.help.input {
        // A switch that is off sends nothing, so the form says which switches it has.
        Input::Switch => form.all("has").any(|has| has == name).then(|| u8::from(form.ticked(name)).to_string()),
        _ => form.all(name).last().map(|value| value.trim().to_owned()),
    }
}
