//! What happened to an image, newest first, in plain words.

use crate::{
    domain::event::{Event, Level},
    http::{
        pages::{sentences, visible::visible},
        words::{Language, Role},
    },
};

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Number of the event.
    pub seq: i64,
    /// For machines.
    pub iso: String,
    /// For people.
    pub at: String,
    /// What happened.
    pub text: String,
    /// Colour role.
    pub role: &'static str,
    /// Sign beside the words.
    pub symbol: &'static str,
}

/// The lines of these events.
pub fn lines(events: &[Event], language: Language) -> Vec<Line> {
    events.iter().map(|event| line(event, language)).collect()
}

fn line(event: &Event, language: Language) -> Line {
    let payload = &event.event.payload;
    let name = |key: &str| {
        let path = payload[key].as_str().unwrap_or_default();
        visible(path.rsplit('/').next().unwrap_or_default())
    };
    let ok = payload["ok"].as_bool().unwrap_or(true);
    let text = match event.event.kind.as_str() {
        "iso.published" => language.pick("Made", "Erstellt").to_owned(),
        "iso.verified" if ok => language.pick("Checked: unchanged", "Geprüft: unverändert").to_owned(),
        "iso.verified" => {
            language.pick("Checked: it is not what was stored", "Geprüft: nicht mehr, was gespeichert wurde").to_owned()
        }
        "iso.renamed" => format!("{} {} → {}", language.pick("Renamed:", "Umbenannt:"), name("from"), name("filepath")),
        "iso.trashed" => match payload["by"].as_str().filter(|who| !who.is_empty()) {
            Some(who) => format!("{} {}", language.pick("Put into the trash by", "In den Papierkorb gelegt von"), visible(who)),
            None => language.pick("Put into the trash", "In den Papierkorb gelegt").to_owned(),
        },
        "iso.restored" => language.pick("Taken out of the trash", "Aus dem Papierkorb geholt").to_owned(),
        "iso.sidecar_refused" => language
            .pick(
                "Files beside it are somebody else's and were left alone",
                "Dateien daneben sind fremd und wurden nicht angerührt",
            )
            .to_owned(),
        // Jobs tell of themselves in the words of the log.
        _ => visible(&event.event.message),
    };
    let role = match event.event.level {
        Level::Error => Role::Bad,
        Level::Warning => Role::Caution,
        _ => Role::Neutral,
    };
    Line {
        seq: event.seq,
        iso: event.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        at: sentences::moment(event.at, language),
        text,
        role: role.class(),
        symbol: role.symbol(),
    }
}
