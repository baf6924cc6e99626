//! A job as a line.

use super::{Action, Ring};
use crate::http::{
    pages::sentences,
    wire::{Disk, Job},
    words::{self, Language, Word},
};

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
    /// The disc, as far as it was read.
    pub ring: Ring,
    /// Speed and damage so far.
    pub details: String,
    /// Buttons.
    pub actions: Vec<Action>,
}

/// A job as a line; `drives` are those that it could go on in.
pub fn job(job: &Job, drives: &[Disk], language: Language) -> JobRow {
    let word = state(job);
    // What is done is as good as its result.
    let role = verdict(job).unwrap_or(word).role;
    let mut details: Vec<String> = Vec::new();
    if job.status == "running" {
        details.extend(sentences::speed(job.speed, language));
    }
    details.extend(sentences::damage(job.error_count, language));
    JobRow {
        uuid: job.uuid.clone(),
        title: title(job, language),
        role: role.class(),
        symbol: role.symbol(),
        sentence: sentences::job(job, language),
        next: job.message.clone().unwrap_or_else(|| word.next(language).to_owned()),
        percent: format!("{:.1}", job.progress),
        ring: Ring::new(job.progress / 100.0, role),
        details: details.join(" · "),
        actions: job_actions(job, drives, language),
    }
}

/// How the job stands.
fn state(job: &Job) -> Word {
    words::find(words::JOBS, &job.status, job.phase.as_deref().or(job.reason.as_deref()))
}

fn verdict(job: &Job) -> Option<Word> {
    job.verdict.as_deref().map(|verdict| words::find(words::VERDICTS, verdict, None))
}

/// What a job is called: its disc, or where it reads.
pub fn title(job: &Job, language: Language) -> String {
    let names = [Some(job.disk_label.as_str()), job.filename.as_deref(), Some(job.device.as_str())];
    let subject = names.into_iter().flatten().find(|name| !name.is_empty()).unwrap_or("?").to_owned();
    match job.kind.as_str() {
        "verify" => format!("{}: {subject}", language.pick("Check", "Prüfung")),
        "scan" => format!("{}: {subject}", language.pick("Surface scan", "Oberflächenprüfung")),
        _ => subject,
    }
}

/// Everything that can be done with a job now, the next sensible thing first.
pub fn job_actions(job: &Job, drives: &[Disk], language: Language) -> Vec<Action> {
    let action =
        |verb: &str, label: &str, main| Action { url: format!("/ui/jobs/{}/{verb}", job.uuid), label: label.to_owned(), main };
    let cancel = || action("cancel", language.pick("Cancel", "Abbrechen"), false);
    let pause = || action("pause", language.pick("Pause", "Anhalten"), false);
    let delete = || action("delete", language.pick("Delete", "Löschen"), false);
    let retry = |main| action("retry", language.pick("Try again", "Noch einmal"), main);
    let good = matches!(job.verdict.as_deref(), Some("complete" | "complete_trimmed"));
    match job.status.as_str() {
        "running" => vec![pause(), cancel()],
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
        "queued" => vec![pause(), cancel()],
        "failed" => vec![retry(true), delete()],
        "cancelled" => vec![action("retry", language.pick("Queue again", "Wieder einreihen"), false), delete()],
        "completed" if good => vec![delete()],
        "completed" => vec![retry(true), delete()],
        _ => Vec::new(),
    }
}
