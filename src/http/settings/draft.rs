//! What would become of a wish.

use super::{Overview, RUNTIME_FIELDS, Setting, applies, overview};
use crate::{
    config::{Applies, Config, ConfigError, Input, KEYS, RuntimeSettings, Stored, rehearse},
    doctor::{Both, obstacles},
    error::Problem,
    http::{AppState, Tls},
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Longest value of a setting, in bytes.
const MAX_VALUE: usize = 4_096;

/// Settings by name with their new values; `None`: back to what file, environment or program say.
pub type Wish = BTreeMap<String, Option<String>>;

/// A setting that would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub key: &'static str,
    /// Before.
    pub old: String,
    /// After.
    pub new: String,
    /// Whether it counts at once.
    pub at_once: bool,
}

/// A setting that may not change so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its name, as it was written.
    pub key: String,
    /// Why.
    pub why: Both,
}

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Self {
        Self::field(&refusal.key, refusal.why.en.clone())
    }
}

/// What would become of a wish.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What would change.
    pub changes: Vec<Change>,
    /// What may not be; with any of these nothing is applied.
    pub refused: Vec<Refusal>,
    /// What cannot be changed here and therefore stays (only where an import names it).
    pub kept: Vec<Refusal>,
    pub(super) runtime: RuntimeSettings,
    /// Fields of the stored runtime settings; null: not stored any more.
    pub(super) runtime_fields: Map<String, Value>,
    pub(super) stored_before: Stored,
    pub(super) stored: Stored,
    pub(super) next: Config,
}

/// What would become of this wish. `lenient`: what is locked stays as it is instead of being refused. Tries folders, so it blocks;
/// hold [`super::ONE_AT_A_TIME`] if the draft is to be applied.
pub fn draft(state: &AppState, wish: &Wish, lenient: bool) -> Draft {
    let before = overview(state);
    let mut draft = Draft {
        changes: Vec::new(),
        refused: Vec::new(),
        kept: Vec::new(),
        runtime: state.settings.get(),
        runtime_fields: Map::new(),
        stored_before: before.stored.clone(),
        stored: before.stored.clone(),
        next: before.next.clone(),
    };
    for (name, value) in wish {
        let Some(setting) = before.get(name) else {
            draft.refuse(name, Both::new("There is no such setting.", "Diese Einstellung gibt es nicht."));
            continue;
        };
        match value {
            Some(value) => draft.set(setting, value, lenient),
            None => draft.reset(setting, &state.config, lenient),
        }
    }
    if draft.refused.is_empty() && draft.stored != draft.stored_before {
        draft.try_start(state, &before);
    }
    draft
}

impl Draft {
    fn refuse(&mut self, name: &str, why: Both) {
        self.refused.push(Refusal { key: name.to_owned(), why });
    }

    fn set(&mut self, setting: &Setting, value: &str, lenient: bool) {
        let (key, mut scratch) = (setting.key, self.next.clone());
        let plain = value.len() <= MAX_VALUE && !value.chars().any(char::is_control);
        let taken = plain.then(|| (key.set)(&mut scratch, value)).flatten();
        if setting.locked.is_some() && (setting.next == value || (taken.is_some() && (key.show)(&scratch) == setting.next)) {
            return;
        }
        if self.is_locked(setting, lenient) {
            return;
        }
        if taken.is_none() {
            return self.refuse(key.name, not_allowed(setting, value));
        }
        let new = (key.show)(&scratch);
        if new == setting.next {
            return;
        }
        match field(key.name) {
            Some(field) => {
                let mut runtime = Config { runtime: self.runtime, ..scratch };
                // Checked above.
                let _ = (key.set)(&mut runtime, value);
                self.runtime = runtime.runtime;
                let all = serde_json::to_value(self.runtime).unwrap_or_default();
                self.runtime_fields.insert(field.to_owned(), all.get(field).cloned().unwrap_or_default());
            }
            None => {
                self.stored.insert(key.name.to_owned(), new.clone());
            }
        }
        self.change(setting, new);
    }

    /// Back to what was configured.
    fn reset(&mut self, setting: &Setting, configured: &Config, lenient: bool) {
        if self.is_locked(setting, lenient) {
            return;
        }
        let key = setting.key;
        if let Some(field) = field(key.name) {
            let new = (key.show)(configured);
            let mut runtime = Config { runtime: self.runtime, ..configured.clone() };
            // Whatever is shown can be set.
            let _ = (key.set)(&mut runtime, &new);
            self.runtime = runtime.runtime;
            self.runtime_fields.insert(field.to_owned(), Value::Null);
            self.change(setting, new);
        } else if self.stored.remove(key.name).is_some() {
            // What it will be is known once the whole has been tried.
            self.change(setting, String::new());
        }
    }

    fn is_locked(&mut self, setting: &Setting, lenient: bool) -> bool {
        let Some(why) = &setting.locked else { return false };
        let refusal = Refusal { key: setting.key.name.to_owned(), why: why.clone() };
        if lenient { &mut self.kept } else { &mut self.refused }.push(refusal);
        true
    }

    fn change(&mut self, setting: &Setting, new: String) {
        let at_once = !matches!(applies(setting.key.name), Applies::Restart);
        self.changes.push(Change { key: setting.key.name, old: setting.next.clone(), new, at_once });
    }

    /// The same that the next start does with these settings.
    fn try_start(&mut self, state: &AppState, before: &Overview) {
        match rehearse(state.config.origins.file.as_deref(), &self.stored, std::env::vars()) {
            Ok(next) => {
                for obstacle in obstacles(&before.next, &next, state.config.listen.port()) {
                    self.refuse(obstacle.key, obstacle.why);
                }
                if (&next.tls_cert, &next.tls_key) != (&before.next.tls_cert, &before.next.tls_key)
                    && let Err(why) = Tls::open(next.tls_cert.as_deref(), next.tls_key.as_deref())
                {
                    let key = if self.changes.iter().any(|change| change.key == "server.tls_cert") {
                        "server.tls_cert"
                    } else {
                        "server.tls_key"
                    };
                    self.refuse(key, Both::same(why));
                }
                for change in &mut self.changes {
                    if let Some(key) = KEYS.iter().find(|key| key.name == change.key && field(key.name).is_none()) {
                        change.new = (key.show)(&next);
                    }
                }
                self.next = next;
            }
            Err(error) => {
                let name = match &error {
                    ConfigError::BadValue { key, .. } | ConfigError::UnknownKey { key, .. } => key.clone(),
                    ConfigError::File { .. } => "settings".to_owned(),
                };
                let name = KEYS.iter().find(|key| key.env == name).map_or(name, |key| key.name.to_owned());
                self.refuse(&name, Both::same(error.to_string()));
            }
        }
    }
}

/// Field of the runtime settings.
pub(super) fn field(name: &str) -> Option<&'static str> {
    RUNTIME_FIELDS.iter().find(|(key, _)| *key == name).map(|(_, field)| *field)
}

fn not_allowed(setting: &Setting, value: &str) -> Both {
    let value: String = value.chars().take(100).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let (en, de) = match setting.help.input {
        Input::Switch => ("on or off".to_owned(), "ein oder aus".to_owned()),
        Input::Number(least, most, _) => (format!("{least} to {most}"), format!("{least} bis {most}")),
        Input::Choice(choices) => {
            let words = choices.iter().map(|(value, ..)| *value).collect::<Vec<_>>().join(", ");
            (words.clone(), words)
        }
        Input::Path => (setting.key.allowed.to_owned(), "ein ganzer Pfad".to_owned()),
        Input::Paths => (setting.key.allowed.to_owned(), "Ordner, durch Kommas getrennt".to_owned()),
        Input::Text | Input::Words => (setting.key.allowed.to_owned(), setting.key.allowed.to_owned()),
    };
    Both::new(format!("{value:?} is not allowed; allowed: {en}"), format!("{value:?} geht nicht; möglich: {de}"))
}
