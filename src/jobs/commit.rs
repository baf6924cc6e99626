//! One step of a job: decide, store state and event in one transaction.

use crate::{
    bus::Journal,
    domain::{
        event::{Level, NewEvent},
        ids::{DriveId, JobId},
        job::{JobEffect, JobEvent, JobPolicy, JobState},
        progress::Progress,
        result::{ReadStatistics, ScanResult},
        verdict::Verdict,
    },
    error::{Code, Problem},
    storage::{
        self, Connection, StorageError,
        jobs::{JobKind, JobRecord},
    },
};
use serde_json::json;

/// What goes with a step besides the state.
#[derive(Debug, Clone, Default)]
pub struct Details {
    /// A sentence for people: why it failed or waits.
    pub message: Option<String>,
    /// Stable code of a failure.
    pub error_code: Option<Code>,
    /// Numbers to store with it.
    pub progress: Option<Progress>,
    /// It got further than ever before, so that earlier failures do not count any more.
    pub moved_on: bool,
    /// Hashes of the result.
    pub hashes: Option<(String, String)>,
    /// What a scan has found.
    pub scan: Option<ScanResult>,
    /// Another drive, other options.
    pub moved: Option<Moved>,
    /// What reading cost, and how many seconds it took; added to the drive's life.
    pub statistics: Option<(ReadStatistics, f64)>,
}

/// Where a job goes on, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// The drive.
    pub drive: DriveId,
    /// Its device node or folder.
    pub device: String,
    /// Options from now on, as they are stored.
    pub options: serde_json::Value,
}

/// A stored step.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The job after it.
    pub job: JobRecord,
    /// What to do now.
    pub effects: Vec<JobEffect>,
}

/// Reads the job, decides, stores. Concurrent steps of one job are serialised by the transaction and by the record's revision.
///
/// # Errors
/// A refusal of the rules with its code, `job_unknown`, or trouble with the database; nothing is changed then.
pub async fn step(journal: &Journal, id: JobId, event: JobEvent, details: Details) -> Result<Stored, Problem> {
    let result = journal.commit(move |tx| {
        let mut job = storage::jobs::get(tx.conn, id)?;
        if details.moved_on {
            job.attempts = 0;
        }
        let policy = JobPolicy { attempts: job.attempts, ..JobPolicy::default() };
        match job.state.step(event, &policy) {
            Err(denied) => Ok(Err(Problem::new(
                Code::parse(&denied.to_string()).unwrap_or(Code::Conflict),
                format!("Job {id} is {}", job.state.status()),
            ))),
            Ok(step) if step.next == job.state && step.effects.is_empty() => Ok(Ok(Stored { job, effects: Vec::new() })),
            Ok(step) => {
                let next = changed(&job, event, step.next, &step.effects, &details, tx.now);
                storage::jobs::update(tx.conn, &next)?;
                if let Some(scan) = &details.scan {
                    storage::jobs::set_result(tx.conn, id, scan)?;
                }
                if let Some(wish) = wish(&next, event) {
                    tx.event(&wish)?;
                }
                count(tx.conn, &next, &details, tx.now)?;
                if let Some(news) = news(&job, &next) {
                    tx.event(&news)?;
                }
                Ok(Ok(Stored { job: storage::jobs::get(tx.conn, id)?, effects: step.effects }))
            }
        }
    });
    result.await.map_err(|error| problem(&error))?
}

/// Adds the end of an image job to its drive's life.
fn count(
    connection: &mut Connection,
    job: &JobRecord,
    details: &Details,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), StorageError> {
    let verdict = match job.state {
        JobState::Completed { verdict } => verdict,
        JobState::Failed => Verdict::Failed,
        _ => return Ok(()),
    };
    let (JobKind::Image, Some(drive)) = (job.kind, &job.drive_id) else { return Ok(()) };
    let (statistics, seconds) = details.statistics.clone().unwrap_or_default();
    let class = job.medium.as_ref().map_or("other", |medium| medium.profile.class());
    storage::drive_stats::record(connection, drive, &statistics, class, seconds, verdict, now)
}

/// Database trouble for whoever asked.
pub fn problem(error: &StorageError) -> Problem {
    match error {
        StorageError::NotFound => Problem::new(Code::JobUnknown, Code::JobUnknown.title()),
        StorageError::Conflict(_) => Problem::new(Code::Conflict, Code::Conflict.title()),
        other => Problem::new(Code::Unavailable, format!("the database: {other}")),
    }
}

fn changed(
    job: &JobRecord,
    event: JobEvent,
    state: JobState,
    effects: &[JobEffect],
    details: &Details,
    now: chrono::DateTime<chrono::Utc>,
) -> JobRecord {
    let mut next = job.clone();
    next.state = state;
    next.updated_at = now;
    next.message.clone_from(&details.message);
    next.error_code = details.error_code.map(|code| code.as_str().to_owned());
    if let Some(progress) = details.progress {
        next.progress = progress;
    }
    if let Some((md5, sha256)) = &details.hashes {
        (next.md5, next.sha256) = (Some(md5.clone()), Some(sha256.clone()));
    }
    if let Some(moved) = &details.moved {
        if next.drive_id.as_ref() != Some(&moved.drive) {
            // The session was another drive's.
            next.media_session = None;
        }
        next.drive_id = Some(moved.drive.clone());
        next.device.clone_from(&moved.device);
        next.options.clone_from(&moved.options);
    }
    for effect in effects {
        match effect {
            JobEffect::SetDecision(decision) => next.decision = *decision,
            JobEffect::CountAttempt => next.attempts += 1,
            JobEffect::ResetAttempts => next.attempts = 0,
            _ => {}
        }
    }
    next.completed_at = if state.is_terminal() { Some(now) } else { None };
    if matches!(event, JobEvent::Finished(_)) {
        next.attempts = 0;
    }
    if !matches!(state, JobState::Running { .. }) {
        (next.lease_owner, next.lease_until) = (None, None);
        next.progress.speed = 0.0;
    }
    next
}

/// What a person wanted, where that is more than the new state tells.
fn wish(job: &JobRecord, event: JobEvent) -> Option<NewEvent> {
    let label = if job.disk_label.is_empty() { "the disc" } else { &job.disk_label };
    let mut news = match event {
        JobEvent::Decided(decision) => {
            let message = format!("What becomes of the unreadable sectors of {label} was decided: {}", decision.as_str());
            NewEvent::new("job.decided", Level::Info, message).payload(json!({ "decision": decision }))
        }
        JobEvent::ContinueRequested => {
            let message = format!("Job on {label} shall go on in {}", job.device);
            NewEvent::new("job.continued", Level::Info, message).payload(json!({ "device": job.device, "options": job.options }))
        }
        _ => return None,
    };
    news = news.job(job.id);
    news.drive_id.clone_from(&job.drive_id);
    Some(news)
}

/// The event of a step; entering another phase is one, an intention to stop is not.
fn news(before: &JobRecord, after: &JobRecord) -> Option<NewEvent> {
    let label = if after.disk_label.is_empty() { "the disc" } else { &after.disk_label };
    let because = after.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
    let (kind, level, message) = match (before.state, after.state) {
        (JobState::Running { phase: old, .. }, JobState::Running { phase, .. }) if old == phase => return None,
        (JobState::Running { .. }, JobState::Running { phase, .. }) => {
            ("job.phase", Level::Info, format!("{label}: {}", format!("{phase:?}").to_lowercase()))
        }
        (_, JobState::Running { .. }) => ("job.started", Level::Info, format!("Job on {label} began")),
        (_, JobState::Queued) => ("job.queued", Level::Info, format!("Job on {label} is in the queue{because}")),
        (_, JobState::Paused { reason: crate::domain::job::PauseReason::User }) => {
            ("job.paused", Level::Info, format!("Job on {label} is paused"))
        }
        (_, JobState::Paused { .. }) => ("job.paused", Level::Warning, format!("Job on {label} waits{because}")),
        (_, JobState::Completed { verdict }) if verdict.is_good() => {
            ("job.completed", Level::Info, format!("Job on {label} is done: {}", verdict.as_str()))
        }
        (_, JobState::Completed { verdict }) => {
            ("job.completed", Level::Warning, format!("Job on {label} is done: {}{because}", verdict.as_str()))
        }
        (_, JobState::Failed) => ("job.failed", Level::Error, format!("Job on {label} failed{because}")),
        (_, JobState::Cancelled) => ("job.cancelled", Level::Info, format!("Job on {label} was cancelled")),
    };
    let payload = json!({ "state": after.state, "message": after.message, "error_code": after.error_code, "attempts": after.attempts,
        "size_processed": after.progress.size_processed, "size_total": after.progress.size_total, "error_count": after.progress.error_count });
    let mut event = NewEvent::new(kind, level, message).job(after.id).payload(payload);
    event.drive_id.clone_from(&after.drive_id);
    event.iso_id = after.iso_id;
    Some(event)
}
