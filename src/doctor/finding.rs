//! What the doctor says: a finding, and its words in both languages.

use serde::Serialize;

/// A text in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Both {
    /// English.
    pub en: String,
    /// German.
    pub de: String,
}

impl Both {
    /// These two.
    pub fn new(en: impl Into<String>, de: impl Into<String>) -> Self {
        Self { en: en.into(), de: de.into() }
    }

    /// The same in both: names, what a program said.
    pub fn same(text: impl Into<String>) -> Self {
        let en = text.into();
        Self { de: en.clone(), en }
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.en.is_empty()
    }
}

/// `both!("English {x}", "Deutsch {x}")`
macro_rules! both {
    ($en:literal, $de:literal) => {
        $crate::doctor::Both { en: format!($en), de: format!($de) }
    };
}
pub(super) use both;

/// How a finding is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// As it should be.
    Ok,
    /// Works without, but.
    Note,
    /// Does not work.
    Bad,
}

impl Severity {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Bad => "bad",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about: `drive`, `usb`, `udev`, `tray`, `tool`, `state`, `output`, `database`, `hook`, `web`.
    pub topic: &'static str,
    /// How it is meant.
    pub severity: Severity,
    /// What was found.
    pub text: Both,
    /// What to do; empty if nothing has to be done.
    pub advice: Both,
    /// Commands and lines of configuration that do it, to be copied.
    pub commands: Vec<String>,
}

impl Finding {
    /// What to do in one English line, commands included.
    pub fn full_advice(&self) -> String {
        let advice: Vec<&str> = Some(self.advice.en.as_str()).filter(|advice| !advice.is_empty()).into_iter().collect();
        let commands = self.commands.join(", or ");
        let commands = Some(commands.as_str()).filter(|commands| !commands.is_empty());
        advice.into_iter().chain(commands).collect::<Vec<_>>().join(": ")
    }

    pub(super) fn ok(topic: &'static str, text: Both) -> Self {
        Self { topic, severity: Severity::Ok, text, advice: Both::default(), commands: Vec::new() }
    }

    pub(super) fn note(topic: &'static str, text: Both, advice: Both) -> Self {
        Self { topic, severity: Severity::Note, text, advice, commands: Vec::new() }
    }

    pub(super) fn bad(topic: &'static str, text: Both, advice: Both) -> Self {
        Self { topic, severity: Severity::Bad, text, advice, commands: Vec::new() }
    }

    /// With something to copy.
    pub(super) fn command(mut self, command: impl Into<String>) -> Self {
        self.commands.push(command.into());
        self
    }

    pub(super) fn commands(mut self, commands: Vec<String>) -> Self {
        self.commands.extend(commands);
        self
    }
}
