//! What happened, in the order of time, and what could not be read.

use super::senses;
use crate::{
    domain::{
        event::{Event, Level},
        job::JobState,
    },
    http::{
        pages::{sentences, view},
        wire::word,
        words::{self, Language, Role},
    },
};
use serde_json::Value;

/// A line of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Number of the event.
    pub seq: i64,
    /// For machines.
    pub at: String,
    /// For people.
    pub when: String,
    /// Colour role.
    pub role: &'static str,
    /// Sign.
    pub symbol: &'static str,
    /// What happened.
    pub text: String,
    /// The event's own words, on hover.
    pub exact: String,
}

/// A line of the list of errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// "1,000 to 1,005".
    pub range: String,
    /// Number of sectors.
    pub count: String,
    /// What the drive said, in words.
    pub words: &'static str,
    /// The code.
    pub sense: String,
    /// For machines.
    pub at: String,
    /// For people.
    pub when: String,
}

/// An event as a line.
pub fn line(event: &Event, language: Language) -> Line {
    let (at, when) = view::when(event.at, language);
    let role = match event.event.level {
        Level::Error => Role::Bad,
        Level::Warning => Role::Caution,
        Level::Info if event.event.kind == "job.completed" => Role::Good,
        Level::Info => Role::Neutral,
    };
    let exact = event.event.message.clone();
    let text = text(event, language).unwrap_or_else(|| exact.clone());
    Line { seq: event.seq, at, when, role: role.class(), symbol: role.symbol(), text, exact }
}

/// What happened, in the reader's language; `None` leaves it to the event's own words.
fn text(event: &Event, language: Language) -> Option<String> {
    let payload = &event.event.payload;
    let said = |en: &str, de: &str| Some(language.pick(en, de).to_owned());
    match event.event.kind.as_str() {
        "job.created" => said("Created", "Angelegt"),
        "job.started" => said("Began", "Begonnen"),
        "job.changed" => said("Changed by a person", "Von einem Menschen geändert"),
        "job.continued" => {
            let device = payload["device"].as_str().unwrap_or_default();
            Some(format!("{} {device}", language.pick("Goes on in", "Geht weiter in")))
        }
        "job.decided" => match payload["decision"].as_str()? {
            "accept" => said("Decided: the loss is accepted", "Entschieden: Der Verlust wird angenommen"),
            "retry" => said("Decided: one more pass", "Entschieden: noch ein Durchgang"),
            _ => said("Decided: go on in another drive", "Entschieden: in einem anderen Laufwerk weiter"),
        },
        "job.bad_range" => {
            let count = payload["count"].as_u64()?;
            let damage = sentences::damage(count, language)?;
            let from = sentences::grouped(payload["start"].as_u64()?, language);
            Some(format!("{damage} ({} {from})", language.pick("from sector", "ab Sektor")))
        }
        "iso.published" => said("The image is in the library", "Das Abbild ist in der Bibliothek"),
        "iso.verified" => Some(match payload["ok"].as_bool()? {
            true => language.pick("The file was checked: unchanged", "Datei geprüft: unverändert").to_owned(),
            false => language.pick("The file was checked: it has changed", "Datei geprüft: Sie hat sich verändert").to_owned(),
        }),
        kind if kind.starts_with("job.") => state(payload, language),
        _ => None,
    }
}

/// A change of state is said as the state is called everywhere.
fn state(payload: &Value, language: Language) -> Option<String> {
    let state: JobState = serde_json::from_value(payload["state"].clone()).ok()?;
    let reason = match state {
        JobState::Running { phase, .. } => word(&phase),
        JobState::Paused { reason } => word(&reason),
        _ => None,
    };
    let found = words::find(words::JOBS, state.status(), reason.as_deref());
    match state {
        JobState::Completed { verdict } => {
            let verdict = words::find(words::VERDICTS, verdict.as_str(), None);
            Some(format!("{}: {}", found.word(language), verdict.word(language)))
        }
        _ => Some(found.word(language).to_owned()),
    }
}

/// An event about unreadable sectors as a line of the list of errors.
pub fn trouble(event: &Event, language: Language) -> Option<Trouble> {
    let payload = &event.event.payload;
    let (start, count) = (payload["start"].as_u64()?, payload["count"].as_u64()?);
    let sense = payload["sense"].as_str().unwrap_or_default().to_owned();
    let number = |number| sentences::grouped(number, language);
    let (at, when) = view::when(event.at, language);
    let last = start.saturating_add(count.saturating_sub(1));
    Some(Trouble {
        range: if count == 1 {
            number(start)
        } else {
            format!("{} {} {}", number(start), language.pick("to", "bis"), number(last))
        },
        count: number(count),
        words: senses::in_words(&sense, language)
            .unwrap_or_else(|| language.pick("The drive gave no reason.", "Das Laufwerk nannte keinen Grund.")),
        sense,
        at,
        when,
    })
}
