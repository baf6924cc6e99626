//! A drive as a card.

use crate::domain::picture::Picture;
use std::sync::Arc;

use super::{JobRow, Ring};
use crate::http::{
    pages::sentences,
    wire::{Disk, DiskType, Job},
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
    /// Whether it is a folder that behaves like a drive.
    pub virtual_drive: bool,
    /// Colour role.
    pub role: &'static str,
    /// Sign beside the word.
    pub symbol: &'static str,
    /// State in words.
    pub sentence: String,
    /// Who uses it, or what else is known about the reason.
    pub detail: String,
    /// What to do next.
    pub next: &'static str,
    /// Label of the disc; `None` if there is no disc.
    pub disc: Option<String>,
    /// Kind and size of the disc.
    pub disc_details: String,
    /// How the last job on this disc ended.
    pub disc_verdict: Option<String>,
    /// The drawing.
    pub ring: Ring,
    /// The job that reads here.
    pub job: Option<JobRow>,
    /// The next sensible thing.
    pub main: Option<Step>,
    /// What else can be done.
    pub more: Vec<Step>,
}

/// Something that can be done with a drive: a button that posts, or a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Where to.
    pub url: String,
    /// What it says.
    pub label: &'static str,
    /// A link instead of a form.
    pub link: bool,
    /// Opens as a dialog where there is a script.
    pub dialog: bool,
}

/// A drive as a card; `job` is the one that reads in it, or the last one that did.
pub fn drive(disk: &Disk, job: Option<&Job>, drives: &[Disk], language: Language) -> DriveCard {
    let running = job.filter(|job| disk.job_uuid.as_deref() == Some(job.uuid.as_str()));
    let word = words::find(words::DRIVES, &disk.state, disk.reason.as_deref());
    let verdict = disk.verdict.as_deref().map(|verdict| words::find(words::VERDICTS, verdict, None));
    let (role, sentence) = match (&verdict, running) {
        (Some(verdict), _) => (verdict.role, format!("{}: {}", word.word(language), verdict.word(language))),
        (None, Some(job)) => (word.role, sentences::job(job, language)),
        (None, None) => (word.role, word.word(language).to_owned()),
    };
    let part = match running {
        Some(job) => job.progress / 100.0,
        None if matches!(disk.state.as_str(), "completed" | "waiting_for_removal")
            || disk.reason.as_deref() == Some("already_archived") =>
        {
            1.0
        }
        None => 0.0,
    };
    let label = disk.media.as_ref().map(|media| {
        let unnamed = || language.pick("Disc without a label", "Disc ohne Namen").to_owned();
        if media.label.is_empty() { unnamed() } else { media.label.clone() }
    });
    let disc_details = disk.media.as_ref().map_or_else(String::new, |media| {
        let kind = words::find(words::KINDS, &media.kind, None).word(language);
        format!("{kind} · {}", sentences::size(media.size, language))
    });
    let (main, more) = steps(disk, job.map(|job| job.uuid.as_str()), language);
    DriveCard {
        id: disk.id.clone(),
        name: disk.name.clone(),
        path: disk.path.clone(),
        virtual_drive: disk.kind == DiskType::Virtual,
        role: role.class(),
        symbol: role.symbol(),
        sentence,
        detail: disk.detail.clone().unwrap_or_default(),
        next: word.next(language),
        disc: label,
        disc_details,
        disc_verdict: disk.verdict.clone(),
        ring: Ring::new(part, role),
        job: running.map(|job| super::job(job, drives, language)),
        main,
        more,
    }
}

impl DriveCard {
    /// With what is known where on the disc; only while a job reads it or has just ended.
    #[must_use]
    pub fn showing(self, picture: Option<&Arc<Picture>>) -> Self {
        let shown = picture.filter(|_| self.job.is_some() || self.disc_verdict.is_some());
        Self { ring: self.ring.clone().showing(shown), ..self }
    }
}

/// The next sensible thing, and what else is possible. `job` is the one that reads, or the last one that did.
fn steps(disk: &Disk, job: Option<&str>, language: Language) -> (Option<Step>, Vec<Step>) {
    let post = |verb: &str, label| Step { url: format!("/ui/disks/{}/{verb}", disk.id), label, link: false, dialog: false };
    let link = |url: String, label| Step { url, label, link: true, dialog: false };
    let image = || post("image", language.pick("Image this disc", "Abbild erstellen"));
    let again = || post("image", language.pick("Image it again", "Noch einmal abbilden"));
    let eject = || post("eject", language.pick("Eject", "Auswerfen"));
    let options = || Step {
        url: format!("/jobs/new?drive={}", disk.id),
        label: language.pick("With options …", "Mit Optionen …"),
        link: true,
        dialog: true,
    };
    let page = |part: &str, label| link(format!("/drives/{}{part}", disk.id), label);
    let help = || page("", language.pick("What to do", "Was zu tun ist"));
    let imageable = disk.media.as_ref().is_some_and(|media| !matches!(media.kind.as_str(), "blank" | "unreadable"));
    let damaged = matches!(disk.verdict.as_deref(), Some("degraded" | "incomplete" | "failed"));
    let virtual_drive = disk.kind == DiskType::Virtual;
    match (disk.state.as_str(), disk.reason.as_deref()) {
        ("copying", _) => {
            (job.map(|job| link(format!("/jobs/{job}"), language.pick("Look at the job", "Aufgabe ansehen"))), Vec::new())
        }
        ("waiting_for_media", reason) => {
            let tray = match reason {
                Some("tray_open") => Some(post("close", language.pick("Close tray", "Schublade schließen"))),
                Some("empty") => Some(post("eject", language.pick("Open tray", "Schublade öffnen"))),
                _ => None,
            };
            let insert = virtual_drive.then(|| page("#insert", language.pick("Insert a disc", "Disc einlegen")));
            (insert, tray.into_iter().collect())
        }
        ("idle", Some("disabled")) => (Some(page("#settings", language.pick("Switch it on", "Einschalten"))), Vec::new()),
        ("idle", Some("already_archived")) => (Some(eject()), vec![again(), options()]),
        ("idle", Some("decision_needed")) => (Some(again()), vec![options(), eject()]),
        ("idle", _) if imageable => (Some(image()), vec![options(), eject()]),
        ("completed", _) if damaged => {
            let look = job.map(|job| link(format!("/jobs/{job}"), language.pick("Look at the damage", "Schaden ansehen")));
            (look, vec![eject(), again(), options()])
        }
        ("completed" | "waiting_for_removal", _) if imageable => (Some(eject()), vec![again(), options()]),
        ("idle" | "completed" | "waiting_for_removal", _) | ("error", Some("unreadable")) => (Some(eject()), Vec::new()),
        ("error" | "waiting_for_drive", _) => (Some(help()), Vec::new()),
        _ => (None, Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::wire::{DiskSettings, Identity, Media};

    fn disk(state: &str, reason: Option<&str>, kind: &str) -> Disk {
        let text = |text: &str| text.to_owned();
        Disk {
            id: text("sr0"),
            path: text("/dev/sr0"),
            kind: DiskType::Scsi,
            name: text("Drive"),
            state: text(state),
            reason: reason.map(str::to_owned),
            detail: None,
            media: (!kind.is_empty()).then(|| Media {
                session: 1,
                label: String::new(),
                kind: text(kind),
                size: 1,
                fingerprint: String::new(),
                profile: 8,
            }),
            job_uuid: None,
            verdict: None,
            session: 1,
            identity: Identity { vendor: String::new(), model: String::new(), firmware: String::new(), serial: String::new() },
            bridge: None,
            settings: DiskSettings::from(&crate::domain::drive_settings::DriveSettings::default()),
        }
    }

    #[test]
    fn the_main_button_is_the_next_sensible_thing() {
        let main = |disk: &Disk, job| steps(disk, job, Language::En).0.map(|step| step.label);
        for (state, reason, kind, label) in [
            ("idle", Some("ready"), "data_cd", Some("Image this disc")),
            ("idle", Some("blank"), "blank", Some("Eject")),
            ("idle", Some("already_archived"), "data_cd", Some("Eject")),
            ("idle", Some("decision_needed"), "data_cd", Some("Image it again")),
            ("idle", Some("disabled"), "", Some("Switch it on")),
            ("waiting_for_media", Some("empty"), "", None),
            ("waiting_for_media", Some("becoming_ready"), "", None),
            ("completed", None, "data_cd", Some("Eject")),
            ("error", Some("wedged"), "", Some("What to do")),
            ("error", Some("unreadable"), "unreadable", Some("Eject")),
            ("analyzing", None, "", None),
        ] {
            assert_eq!(main(&disk(state, reason, kind), None), label, "{state} {reason:?}");
        }
        assert_eq!(main(&disk("copying", None, "data_cd"), Some("j")), Some("Look at the job"));
        let damaged = Disk { verdict: Some("degraded".to_owned()), ..disk("completed", None, "data_cd") };
        assert_eq!(main(&damaged, Some("j")), Some("Look at the damage"));
        let empty = Disk { kind: DiskType::Virtual, ..disk("waiting_for_media", Some("empty"), "") };
        assert_eq!(main(&empty, None), Some("Insert a disc"));
    }
}
