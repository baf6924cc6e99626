//! A job as it begins.

use super::{JobKind, JobOrigin, JobRecord};
use crate::domain::{ids::JobId, job::JobState, progress::Progress};
use chrono::{DateTime, Utc};

impl JobRecord {
    /// A queued job about which nothing else is known yet.
    pub fn new(id: JobId, kind: JobKind, origin: JobOrigin, now: DateTime<Utc>) -> Self {
        Self {
            id,
            kind,
            mode: "standard".to_owned(),
            origin,
            options: serde_json::json!({}),
            priority: 0,
            position: now.timestamp_micros(),
            device: String::new(),
            drive_id: None,
            media_session: None,
            medium: None,
            fingerprint: None,
            disk_label: String::new(),
            disk_type: String::new(),
            iso_id: None,
            requested_name: None,
            output_dir: String::new(),
            output_path: None,
            state: JobState::Queued,
            message: None,
            error_code: None,
            attempts: 0,
            decision: None,
            progress: Progress::default(),
            md5: None,
            sha256: None,
            lease_owner: None,
            lease_until: None,
            created_at: now,
            started_at: None,
            completed_at: None,
            updated_at: now,
            revision: 0,
        }
    }
}
