//! A job.

use super::{JobOptionsBody, word};
use crate::{
    domain::{job::JobState, options::JobOptions},
    jobs::LiveJobs,
    storage::jobs::JobRecord,
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// A job: what it does, where it stands, how it ended.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "uuid": "0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b44", "kind": "image", "status": "running", "phase": "reading", "reason": null,
    "mode": "standard", "device": "/srv/drives/a", "disk_label": "PHOTOS 2004", "disk_type": "data_dvd", "progress": 43.21,
    "size_total": 4_700_372_992_i64, "size_processed": 2_031_031_000_i64, "speed": 10_800_000.0, "eta_seconds": 248,
    "error_count": 0, "verdict": null, "priority": 0, "position": 1_795_170_600_000_000_i64, "filename": null, "output_path": "/srv/images/PHOTOS 2004.iso",
    "created_at": "2026-11-20T10:30:00.000000Z", "started_at": "2026-11-20T10:30:00.120000Z", "completed_at": null,
    "updated_at": "2026-11-20T10:33:08.000000Z", "message": null, "error_code": null,
    "options": { "verify": "image", "retries": 1 }, "decision": null, "iso_id": null, "md5sum": null, "sha256sum": null,
    "fingerprint": "9f86d081884c7d659a2feaa0c55ad015", "attempts": 0, "origin": "auto"
}))]
pub struct Job {
    /// Id.
    pub uuid: String,
    /// `image`, `verify` or `scan`.
    pub kind: String,
    /// `queued`, `running`, `paused`, `completed`, `failed` or `cancelled`.
    pub status: String,
    /// While running: `analyzing`, `reading`, `rescuing`, `hashing`, `verifying` or `publishing`.
    pub phase: Option<String>,
    /// While paused: for whom or what it waits. While queued: why it does not run yet.
    pub reason: Option<String>,
    /// `standard`, `rescue`, `clone` or `scan`.
    pub mode: String,
    /// Device node, or the virtual drive's folder.
    pub device: String,
    /// Volume label; empty if unknown or none.
    pub disk_label: String,
    /// Kind of disc; empty if not known yet.
    pub disk_type: String,
    /// 0 to 100; 100 only when everything is done.
    pub progress: f64,
    /// Bytes to do; 0 if not known yet.
    pub size_total: u64,
    /// Bytes done.
    pub size_processed: u64,
    /// Bytes per second.
    pub speed: f64,
    /// Seconds left at this speed.
    pub eta_seconds: Option<u64>,
    /// Unreadable sectors so far.
    pub error_count: u64,
    /// Once completed: `complete`, `complete_trimmed`, `degraded`, `incomplete` or `failed`.
    pub verdict: Option<String>,
    /// -100 to 100; larger goes first.
    pub priority: i32,
    /// Place among waiting jobs of the same priority; smaller goes first.
    pub position: i64,
    /// The name that was asked for, without `.iso`; null if it is to be the label.
    pub filename: Option<String>,
    /// The image file, or the folder of a CD that is read raw; null until its name is chosen.
    pub output_path: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it first began to run.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// When its record last changed.
    pub updated_at: DateTime<Utc>,
    /// A sentence for people about a failure or a wait.
    pub message: Option<String>,
    /// Stable code of a failure.
    pub error_code: Option<String>,
    /// How it reads: what was asked for, over the drive's defaults.
    #[schema(value_type = JobOptionsBody)]
    pub options: JobOptions,
    /// What a person decided about unreadable sectors: `accept`, `retry` or `other_drive`.
    pub decision: Option<String>,
    /// The image that it made or checks.
    pub iso_id: Option<String>,
    /// MD5 of the image.
    pub md5sum: Option<String>,
    /// SHA-256 of the image.
    pub sha256sum: Option<String>,
    /// The disc that it reads.
    pub fingerprint: Option<String>,
    /// Attempts in a row without progress.
    pub attempts: u32,
    /// `person` or `auto`.
    pub origin: String,
}

impl Job {
    /// The stored job with its live numbers over it.
    pub fn new(record: JobRecord, live: &LiveJobs) -> Self {
        let running = matches!(record.state, JobState::Running { .. });
        let progress = live.progress(record.id).filter(|_| running).unwrap_or(record.progress);
        let (mut phase, mut reason, mut verdict) = (None, None, None);
        match record.state {
            JobState::Running { phase: now, .. } => phase = word(&now),
            JobState::Paused { reason: why } => reason = word(&why),
            JobState::Queued => reason = live.wait_reason(record.id).map(|why| why.as_str().to_owned()),
            JobState::Completed { verdict: how } => verdict = Some(how.as_str().to_owned()),
            JobState::Failed | JobState::Cancelled => {}
        }
        let percent = if matches!(record.state, JobState::Completed { .. }) { 100.0 } else { progress.percent() };
        Self {
            uuid: record.id.to_string(),
            kind: record.kind.as_str().to_owned(),
            status: record.state.status().to_owned(),
            phase,
            reason,
            mode: record.mode,
            device: record.device,
            disk_label: record.disk_label,
            disk_type: record.disk_type,
            progress: percent,
            size_total: progress.size_total,
            size_processed: progress.size_processed,
            speed: if running { progress.speed } else { 0.0 },
            eta_seconds: progress.eta_seconds().filter(|_| running),
            error_count: progress.error_count,
            verdict,
            priority: record.priority,
            position: record.position,
            filename: record.requested_name,
            output_path: record.output_path,
            created_at: record.created_at,
            started_at: record.started_at,
            completed_at: record.completed_at,
            updated_at: record.updated_at,
            message: record.message,
            error_code: record.error_code,
            options: serde_json::from_value(record.options).unwrap_or_default(),
            decision: record.decision.map(|decision| decision.as_str().to_owned()),
            iso_id: record.iso_id.map(|id| id.to_string()),
            md5sum: record.md5,
            sha256sum: record.sha256,
            fingerprint: record.fingerprint.map(|disc| disc.to_string()),
            attempts: record.attempts,
            origin: format!("{:?}", record.origin).to_lowercase(),
        }
    }
}
