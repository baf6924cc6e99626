//! What is said after a button was pressed: with how many jobs it was done, and why not with the others.

use crate::{
    domain::job::JobState,
    error::{Code, Problem},
    http::{
        pages::{frame::Notice, view},
        wire::Job,
        words::Language,
    },
    jobs::{BulkDone, BulkOutcome, JobAction, LiveJobs},
};

/// Jobs that are called by name.
const NAMES: usize = 3;
/// Longest name in a notice, in characters; it travels in a cookie.
const NAME: usize = 60;

/// The notice for what was done with one job or several.
///
/// # Errors
/// Why it was not done with the only job there was.
pub fn notice(action: &JobAction, done: BulkDone, live: &LiveJobs, language: Language) -> Result<Notice, Problem> {
    let BulkDone { outcomes, event } = done;
    if let [only] = outcomes.as_slice() {
        let job = only.result.clone()?;
        let text = format!("{}: {}", word(action, only, language), name(&Job::new(job.clone(), live), language));
        // A deleted job is not there to be asked; only jobs that are over are deleted.
        let undo = action
            .inverse(only.before.unwrap_or(JobState::Cancelled))
            .filter(|_| Some(job.state) != only.before || deletes(action));
        let notice = Notice::done(text);
        return Ok(match undo {
            Some(undo) => notice.undo(format!("/ui/jobs/{}/{}", only.id, undo.as_str())),
            None => notice,
        });
    }
    let notice = Notice {
        refused: outcomes.iter().all(|outcome| outcome.result.is_err()),
        ..Notice::done(several(action, &outcomes, language))
    };
    Ok(match event {
        Some(event) => notice.undo(format!("/ui/jobs/undo/{event}")),
        None => notice,
    })
}

/// "12 jobs cancelled: A, B, C and others. Not done with 3: over already (2), gone (1)".
fn several(action: &JobAction, outcomes: &[BulkOutcome], language: Language) -> String {
    let done: Vec<&BulkOutcome> = outcomes.iter().filter(|outcome| outcome.result.is_ok()).collect();
    let mut parts = Vec::new();
    if !done.is_empty() {
        let names: Vec<String> =
            done.iter().take(NAMES).filter_map(|outcome| outcome.result.as_ref().ok()).map(|job| cut(label(job))).collect();
        let rest = if done.len() > NAMES { language.pick(" and others", " und weitere") } else { "" };
        let jobs = match done.len() {
            1 => language.pick("1 job", "1 Aufgabe").to_owned(),
            count => format!("{count} {}", language.pick("jobs", "Aufgaben")),
        };
        parts.push(format!("{jobs}: {} ({}{rest})", participle(action, language), names.join(", ")));
    }
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for problem in outcomes.iter().filter_map(|outcome| outcome.result.as_ref().err()) {
        let why = reason(problem.code, language);
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, count)) => *count += 1,
            None => reasons.push((why, 1)),
        }
    }
    if !reasons.is_empty() {
        let said: Vec<String> = reasons.iter().map(|(why, count)| format!("{count} × {why}")).collect();
        parts.push(format!("{}: {}", language.pick("Left alone", "Nicht geändert"), said.join(", ")));
    }
    parts.join(". ")
}

fn deletes(action: &JobAction) -> bool {
    matches!(action, JobAction::Delete | JobAction::Restore)
}

fn word(action: &JobAction, outcome: &BulkOutcome, language: Language) -> &'static str {
    let over = outcome.before.is_none_or(|before| before.is_terminal());
    let action = if matches!(action, JobAction::Delete) && !over { &JobAction::Cancel } else { action };
    participle(action, language)
}

fn participle(action: &JobAction, language: Language) -> &'static str {
    let (en, de) = match action {
        JobAction::Pause => ("paused", "angehalten"),
        JobAction::Resume => ("resumed", "fortgesetzt"),
        JobAction::Cancel => ("cancelled", "abgebrochen"),
        JobAction::Retry => ("back in the queue", "wieder eingereiht"),
        JobAction::Delete | JobAction::Purge => ("deleted", "gelöscht"),
        JobAction::Uncancel(_) | JobAction::Restore => ("restored", "wiederhergestellt"),
        JobAction::Decide { .. } => ("decided", "entschieden"),
        JobAction::Change(_) | JobAction::Continue(_) => ("changed", "geändert"),
    };
    language.pick(en, de)
}

/// Why nothing was done, short enough to be counted.
fn reason(code: Code, language: Language) -> &'static str {
    let (en, de) = match code {
        Code::JobFinished => ("over already", "schon beendet"),
        Code::JobNotRetryable => ("nothing to try again", "nichts zu wiederholen"),
        Code::JobActive => ("not over yet", "noch nicht beendet"),
        Code::JobUnknown => ("gone", "nicht mehr da"),
        Code::Conflict => ("changed meanwhile", "inzwischen geändert"),
        other => (other.title(), other.title()),
    };
    language.pick(en, de)
}

/// What a job is called in a notice.
pub fn name(job: &Job, language: Language) -> String {
    cut(&view::title(job, language))
}

fn label(job: &crate::storage::jobs::JobRecord) -> &str {
    if job.disk_label.is_empty() { &job.device } else { &job.disk_label }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= NAME { text.to_owned() } else { text.chars().take(NAME).chain(['…']).collect() }
}
