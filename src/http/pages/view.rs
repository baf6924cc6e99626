//! What the templates show: everything is a finished word here.

use super::sentences;
use crate::http::{
    wire::{Disk, Iso, Job},
    words::{self, Language, Role, Word},
};

/// The disc as a ring: data lies from the hub outwards, so what was read fills it from there.
#[derive(Debug, Clone, PartialEq)]
pub struct Ring {
    /// Radius of the middle line of what was read.
    pub radius: String,
    /// Width of what was read; 0: nothing.
    pub width: String,
    /// Colour role.
    pub role: &'static str,
    /// Sign in the hub.
    pub symbol: &'static str,
}

/// Radii in a drawing of 48 × 48.
const HUB: f64 = 8.0;
const RIM: f64 = 22.0;

impl Ring {
    /// `part` from 0 to 1.
    pub fn new(part: f64, role: Role) -> Self {
        // Data lies evenly on the disc's area, so the radius grows with the root.
        let outer = (HUB * HUB + part.clamp(0.0, 1.0) * (RIM * RIM - HUB * HUB)).sqrt();
        let (radius, width) = (format!("{:.2}", (HUB + outer) / 2.0), format!("{:.2}", outer - HUB));
        Self { radius, width, role: role.class(), symbol: role.symbol() }
    }
}

/// A button: a form that posts.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Where to.
    pub url: String,
    /// What it says.
    pub label: String,
    /// The next sensible thing.
    pub main: bool,
}

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

/// A job's line.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRow {
    /// Id.
    pub uuid: String,
    /// The disc or what else it is about.
    pub title: String,
    /// Colour role.
    pub role: &'static str,
    /// Sign beside the word.
    pub symbol: &'static str,
    /// "Reading, 43 %, 6 minutes left".
    pub sentence: String,
    /// What to do next, or why it failed.
    pub next: String,
    /// 0 to 100, for the bar.
    pub percent: String,
    /// Speed and damage so far.
    pub details: String,
    /// Buttons.
    pub actions: Vec<Action>,
}

/// An image's line.
#[derive(Debug, Clone, PartialEq)]
pub struct IsoRow {
    /// Id.
    pub id: String,
    /// File name.
    pub filename: String,
    /// The drawing.
    pub ring: Ring,
    /// Colour role.
    pub role: &'static str,
    /// Sign beside the word.
    pub symbol: &'static str,
    /// Verdict in words.
    pub word: String,
    /// What it means.
    pub next: &'static str,
    /// Size and kind of disc.
    pub details: String,
    /// For machines and on hover.
    pub created_at: String,
    /// For people.
    pub created: String,
    /// SHA-256.
    pub sha256: String,
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
        job: job.map(|job| self::job(job, drives, language)),
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

/// A job as a line; `drives` are those that it could go on in.
pub fn job(job: &Job, drives: &[Disk], language: Language) -> JobRow {
    let word = words::find(words::JOBS, &job.status, job.phase.as_deref().or(job.reason.as_deref()));
    let mut details: Vec<String> = Vec::new();
    if job.status == "running" {
        details.extend(sentences::speed(job.speed, language));
    }
    details.extend(sentences::damage(job.error_count, language));
    JobRow {
        uuid: job.uuid.clone(),
        title: title(job, language),
        role: word.role.class(),
        symbol: word.role.symbol(),
        sentence: sentences::job(job, language),
        next: job.message.clone().unwrap_or_else(|| word.next(language).to_owned()),
        percent: format!("{:.1}", job.progress),
        details: details.join(" · "),
        actions: job_actions(job, drives, language),
    }
}

fn title(job: &Job, language: Language) -> String {
    let subject = if job.disk_label.is_empty() { job.device.clone() } else { job.disk_label.clone() };
    match job.kind.as_str() {
        "verify" => format!("{}: {subject}", language.pick("Check", "Prüfung")),
        "scan" => format!("{}: {subject}", language.pick("Surface scan", "Oberflächenprüfung")),
        _ => subject,
    }
}

fn job_actions(job: &Job, drives: &[Disk], language: Language) -> Vec<Action> {
    let action =
        |verb: &str, label: &str, main| Action { url: format!("/ui/jobs/{}/{verb}", job.uuid), label: label.to_owned(), main };
    let cancel = || action("cancel", language.pick("Cancel", "Abbrechen"), false);
    match job.status.as_str() {
        "running" => vec![action("pause", language.pick("Pause", "Anhalten"), false), cancel()],
        "paused" if job.reason.as_deref() == Some("loss") => {
            let mut actions = vec![
                action("one_more_pass", language.pick("Try once more", "Noch einmal versuchen"), true),
                action("accept_loss", language.pick("Accept the loss", "Verlust annehmen"), false),
            ];
            for drive in drives.iter().filter(|drive| drive.path != job.device) {
                let label = format!("{} {}", language.pick("Go on in", "Weiter in"), drive.name);
                actions.push(action(&format!("other_drive/{}", drive.id), &label, false));
            }
            actions.push(cancel());
            actions
        }
        "paused" => vec![action("resume", language.pick("Resume", "Fortsetzen"), true), cancel()],
        "queued" => vec![cancel()],
        "failed" => vec![action("retry", language.pick("Try again", "Noch einmal"), true)],
        _ => Vec::new(),
    }
}

/// An image as a line.
pub fn iso(iso: &Iso, language: Language) -> IsoRow {
    let word: Word = words::find(words::VERDICTS, &iso.verdict, None);
    let said = [Some(word.word(language).to_owned()), sentences::damage(iso.bad_sectors, language)];
    let checked = match iso.verify_ok {
        Some(true) => Some(language.pick("checked", "geprüft").to_owned()),
        Some(false) => Some(language.pick("check failed", "Prüfung fehlgeschlagen").to_owned()),
        None => None,
    };
    let role = if iso.verify_ok == Some(false) { Role::Bad } else { word.role };
    let kind = words::find(words::KINDS, &iso.disk_type, None).word(language);
    let details = [Some(sentences::size(iso.size, language)), Some(kind.to_owned()).filter(|kind| kind != "?"), checked];
    IsoRow {
        id: iso.id.clone(),
        filename: iso.filename.clone(),
        ring: Ring::new(1.0, role),
        role: role.class(),
        symbol: role.symbol(),
        word: said.into_iter().flatten().collect::<Vec<_>>().join(", "),
        next: word.next(language),
        details: details.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        created_at: iso.created_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        created: iso.created_at.format(language.pick("%Y-%m-%d %H:%M UTC", "%d.%m.%Y %H:%M UTC")).to_string(),
        sha256: iso.sha256sum.clone().unwrap_or_default(),
    }
}
