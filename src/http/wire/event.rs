//! An event, and progress, which is none.

use crate::domain::{event::Event, ids::JobId, progress::Progress};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "seq": 1042, "at": "2026-11-20T10:40:00.000000Z", "node": "archive-1", "kind": "job.completed", "level": "info",
    "drive_id": "virtual-a", "job_uuid": "0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b44", "iso_id": null,
    "message": "Job on PHOTOS 2004 is done: complete", "payload": { "size_processed": 4_700_372_992_i64 }
}))]
pub struct EventBody {
    /// Number; grows in the order of what happened.
    pub seq: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Host that wrote it.
    pub node: String,
    /// Stable dotted word.
    pub kind: String,
    /// `info`, `warning` or `error`.
    pub level: String,
    /// Drive it is about.
    pub drive_id: Option<String>,
    /// Job it is about.
    pub job_uuid: Option<String>,
    /// Image it is about.
    pub iso_id: Option<String>,
    /// A sentence for people.
    pub message: String,
    /// Facts for programs.
    #[schema(value_type = Object)]
    pub payload: serde_json::Value,
}

impl From<&Event> for EventBody {
    fn from(event: &Event) -> Self {
        let Event { seq, at, node, event } = event;
        Self {
            seq: *seq,
            at: *at,
            node: node.clone(),
            kind: event.kind.clone(),
            level: event.level.as_str().to_owned(),
            drive_id: event.drive_id.as_ref().map(ToString::to_string),
            job_uuid: event.job_id.map(|id| id.to_string()),
            iso_id: event.iso_id.map(|id| id.to_string()),
            message: event.message.clone(),
            payload: event.payload.clone(),
        }
    }
}

/// Where a running job stands.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ProgressBody {
    /// The job.
    pub job_uuid: String,
    /// 0 to 100.
    pub progress: f64,
    /// Bytes to do.
    pub size_total: u64,
    /// Bytes done.
    pub size_processed: u64,
    /// Bytes per second.
    pub speed: f64,
    /// Seconds left at this speed.
    pub eta_seconds: Option<u64>,
    /// Unreadable sectors so far.
    pub error_count: u64,
}

impl ProgressBody {
    /// These numbers of this job.
    pub fn new(job: JobId, progress: &Progress) -> Self {
        Self {
            job_uuid: job.to_string(),
            progress: progress.percent(),
            size_total: progress.size_total,
            size_processed: progress.size_processed,
            speed: progress.speed,
            eta_seconds: progress.eta_seconds(),
            error_count: progress.error_count,
        }
    }
}
