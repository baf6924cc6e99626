//! A job as a line of the table and of the queue.

use crate::http::{
    pages::view::{self, Action, JobRow},
    wire::{Disk, Job},
    words::{self, Language},
};
use chrono::{DateTime, Utc};

/// A job's line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What every view of a job shows.
    pub row: JobRow,
    /// Kind of disc; empty if unknown.
    pub kind: &'static str,
    /// Name of its drive, or where it was.
    pub drive: String,
    /// What the result is worth.
    pub verdict: Option<Badge>,
    /// When it was created, for machines.
    pub created_at: String,
    /// The same for people without a script.
    pub created: String,
    /// How long it took, or takes so far.
    pub duration: String,
    /// What people do most.
    pub main: Option<Action>,
    /// Where the image is, if it made one.
    pub download: Option<String>,
    /// Everything else that can be done.
    pub more: Vec<Action>,
    /// It moves: a bar is shown.
    pub running: bool,
    /// It waits and has a place in the queue.
    pub queued: bool,
}

/// A word with its sign.
#[derive(Debug, Clone, PartialEq)]
pub struct Badge {
    /// Colour role.
    pub role: &'static str,
    /// Sign beside the word.
    pub symbol: &'static str,
    /// The word.
    pub word: &'static str,
}

/// A job's line; `drives` are those of the service.
pub fn line(job: &Job, drives: &[Disk], language: Language, now: DateTime<Utc>) -> Line {
    let mut row = view::job(job, drives, language);
    let mut more = std::mem::take(&mut row.actions);
    let good = matches!(job.verdict.as_deref(), Some("complete" | "complete_trimmed"));
    let image = job.iso_id.as_ref().filter(|_| job.kind == "image" && job.status == "completed");
    let download = image.map(|iso| format!("/api/v1/isos/{iso}/download"));
    // Whoever has a good image wants it; otherwise the next step.
    let main = if good || more.is_empty() { None } else { Some(more.remove(0)) };
    let drive = drives.iter().find(|drive| drive.path == job.device).map(|drive| drive.name.clone());
    Line {
        kind: Some(words::find(words::KINDS, &job.disk_type, None).word(language))
            .filter(|kind| *kind != "?")
            .unwrap_or_default(),
        drive: drive.unwrap_or_else(|| job.device.clone()),
        verdict: badge(job, language),
        created_at: job.created_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        created: job.created_at.format(language.pick("%Y-%m-%d %H:%M UTC", "%d.%m.%Y %H:%M UTC")).to_string(),
        duration: duration(job, now),
        main,
        download,
        more,
        running: job.status == "running",
        queued: job.status == "queued",
        row,
    }
}

fn badge(job: &Job, language: Language) -> Option<Badge> {
    let word = words::find(words::VERDICTS, job.verdict.as_deref()?, None);
    Some(Badge { role: word.role.class(), symbol: word.role.symbol(), word: word.word(language) })
}

fn duration(job: &Job, now: DateTime<Utc>) -> String {
    let end = match job.status.as_str() {
        "completed" | "failed" | "cancelled" => job.completed_at,
        "running" => Some(now),
        _ => None,
    };
    let Some(seconds) = job.started_at.zip(end).map(|(from, to)| (to - from).num_seconds()) else { return String::new() };
    match seconds.max(0) {
        seconds @ ..60 => format!("{seconds} s"),
        seconds @ ..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}
