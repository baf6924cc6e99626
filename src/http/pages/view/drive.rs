//! A drive as a card.

use super::{Action, JobRow, Ring};
use crate::http::{
    pages::sentences,
    wire::{Disk, Job},
    words::{self, Language},
};

/// A drive's card.
#[derive(Debug, Clone, PartialEq)]
pub struct DriveCard {
    /// Id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Where it is.
    pub path: String,
    /// Colour role.
    pub role: &'static str,
    /// Sign beside the word.
    pub symbol: &'static str,
    /// State in words.
    pub sentence: String,
    /// What to do next.
    pub next: &'static str,
    /// Label, kind and size of the disc.
    pub disc: Option<String>,
    /// The drawing.
    pub ring: Ring,
    /// The job that reads here.
    pub job: Option<JobRow>,
    /// Buttons.
    pub actions: Vec<Action>,
}

/// A drive as a card; `job` is the one that reads in it.
pub fn drive(disk: &Disk, job: Option<&Job>, drives: &[Disk], language: Language) -> DriveCard {
    let word = words::find(words::DRIVES, &disk.state, disk.reason.as_deref());
    let verdict = disk.verdict.as_deref().map(|verdict| words::find(words::VERDICTS, verdict, None));
    let (role, sentence) = match (&verdict, job) {
        (Some(verdict), _) => (verdict.role, format!("{}: {}", word.word(language), verdict.word(language))),
        (None, Some(job)) => (word.role, sentences::job(job, language)),
        (None, None) => (word.role, word.word(language).to_owned()),
    };
    let part = match job {
        Some(job) => job.progress / 100.0,
        None if matches!(disk.state.as_str(), "completed" | "waiting_for_removal")
            || disk.reason.as_deref() == Some("already_archived") =>
        {
            1.0
        }
        None => 0.0,
    };
    let disc = disk.media.as_ref().map(|media| {
        let label = if media.label.is_empty() { language.pick("Disc without a label", "Disc ohne Namen") } else { &media.label };
        let kind = words::find(words::KINDS, &media.kind, None).word(language);
        format!("{label} · {kind} · {}", sentences::size(media.size, language))
    });
    DriveCard {
        id: disk.id.clone(),
        name: disk.name.clone(),
        path: disk.path.clone(),
        role: role.class(),
        symbol: role.symbol(),
        sentence,
        next: word.next(language),
        disc,
        ring: Ring::new(part, role),
        job: job.map(|job| super::job(job, drives, language)),
        actions: drive_actions(disk, language),
    }
}

fn drive_actions(disk: &Disk, language: Language) -> Vec<Action> {
    let empty = disk.state == "waiting_for_media";
    let action = |verb: &str, main: bool| {
        let label = match verb {
            "eject" if empty => language.pick("Open tray", "Schublade öffnen"),
            "image" => language.pick("Image this disc", "Abbild erstellen"),
            "eject" => language.pick("Eject", "Auswerfen"),
            _ => language.pick("Close tray", "Schublade schließen"),
        };
        Action { url: format!("/ui/disks/{}/{verb}", disk.id), label: label.to_owned(), main }
    };
    let imageable = disk.media.as_ref().is_some_and(|media| !matches!(media.kind.as_str(), "blank" | "unreadable"));
    match (disk.state.as_str(), disk.reason.as_deref()) {
        ("waiting_for_media", Some("tray_open")) => vec![action("close", false)],
        ("waiting_for_media", Some("empty")) => vec![action("eject", false)],
        ("idle", Some("already_archived")) => vec![action("eject", true), action("image", false)],
        ("idle", _) if imageable => vec![action("image", true), action("eject", false)],
        ("completed" | "waiting_for_removal", _) if imageable => vec![action("eject", true), action("image", false)],
        ("idle" | "completed" | "waiting_for_removal", _) | ("error", Some("unreadable")) => vec![action("eject", true)],
        _ => Vec::new(),
    }
}
