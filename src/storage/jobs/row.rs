//! A job as columns.

use super::{JobKind, JobOrigin, JobRecord};
use crate::{
    domain::{disc::Fingerprint, ids::DriveId, job::Decision, progress::Progress},
    storage::{StorageError, convert, schema::jobs},
};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use serde_json::json;

/// All columns that a record decides alone; not `number`, which the database gives, not the lease, not `result`, which can be
/// large and is asked for by itself, and not `deleted_at`, because what is deleted is no record any more.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = jobs, treat_none_as_null = true)]
pub(super) struct Row {
    id: String,
    kind: String,
    mode: String,
    origin: String,
    options: String,
    priority: i64,
    device: String,
    drive_id: Option<String>,
    media_session: Option<i64>,
    medium: Option<String>,
    fingerprint: Option<String>,
    disk_label: String,
    disk_type: String,
    iso_id: Option<String>,
    requested_name: Option<String>,
    output_dir: String,
    output_path: Option<String>,
    status: String,
    phase: Option<String>,
    reason: Option<String>,
    stopping: Option<String>,
    verdict: Option<String>,
    message: Option<String>,
    error_code: Option<String>,
    attempts: i64,
    size_total: i64,
    size_processed: i64,
    speed: f64,
    error_count: i64,
    md5: Option<String>,
    sha256: Option<String>,
    created_at: NaiveDateTime,
    started_at: Option<NaiveDateTime>,
    completed_at: Option<NaiveDateTime>,
    updated_at: NaiveDateTime,
    pub revision: i64,
    label_key: String,
    search: String,
    decision: Option<String>,
    position: i64,
}

/// Owner and end of a lease.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = jobs, treat_none_as_null = true)]
pub(super) struct Lease {
    lease_owner: Option<String>,
    lease_until: Option<NaiveDateTime>,
}

/// The columns that change while a job runs.
#[derive(AsChangeset)]
#[diesel(table_name = jobs)]
pub(super) struct ProgressRow {
    size_total: i64,
    size_processed: i64,
    speed: f64,
    error_count: i64,
    updated_at: NaiveDateTime,
}

impl ProgressRow {
    pub(super) fn new(progress: &Progress, now: NaiveDateTime) -> Result<Self, StorageError> {
        Ok(Self {
            size_total: convert::signed("size", progress.size_total)?,
            size_processed: convert::signed("size", progress.size_processed)?,
            // SQLite stores what is no number as NULL.
            speed: if progress.speed.is_finite() { progress.speed } else { 0.0 },
            error_count: convert::signed("error count", progress.error_count)?,
            updated_at: now,
        })
    }
}

impl Lease {
    pub(super) fn new(owner: Option<&str>, until: Option<NaiveDateTime>) -> Self {
        Self { lease_owner: owner.map(convert::text), lease_until: until }
    }

    pub(super) fn of(record: &JobRecord) -> Self {
        Self::new(record.lease_owner.as_deref(), record.lease_until.map(convert::time))
    }
}

impl TryFrom<&JobRecord> for Row {
    type Error = StorageError;
    fn try_from(record: &JobRecord) -> Result<Self, StorageError> {
        let state = convert::fields("job state", &record.state)?;
        let text = |text: &Option<String>| text.as_deref().map(convert::text);
        let progress = ProgressRow::new(&record.progress, convert::time(record.updated_at))?;
        Ok(Self {
            id: record.id.to_string(),
            kind: record.kind.as_str().to_owned(),
            mode: convert::text(&record.mode),
            origin: record.origin.as_str().to_owned(),
            options: convert::json("options", &record.options)?,
            priority: i64::from(record.priority),
            device: convert::text(&record.device),
            drive_id: record.drive_id.as_ref().map(|id| id.as_str().to_owned()),
            media_session: record.media_session.map(|number| convert::signed("session", number)).transpose()?,
            medium: record.medium.as_ref().map(|medium| convert::json("medium", medium)).transpose()?,
            fingerprint: record.fingerprint.as_ref().map(|print| convert::text(&print.0)),
            disk_label: convert::text(&record.disk_label),
            disk_type: convert::text(&record.disk_type),
            iso_id: record.iso_id.map(|id| id.to_string()),
            requested_name: text(&record.requested_name),
            output_dir: convert::text(&record.output_dir),
            output_path: text(&record.output_path),
            status: record.state.status().to_owned(),
            phase: convert::field(&state, "phase"),
            reason: convert::field(&state, "reason"),
            stopping: convert::field(&state, "stopping"),
            verdict: convert::field(&state, "verdict"),
            message: text(&record.message),
            error_code: text(&record.error_code),
            attempts: i64::from(record.attempts),
            size_total: progress.size_total,
            size_processed: progress.size_processed,
            speed: progress.speed,
            error_count: progress.error_count,
            md5: text(&record.md5),
            sha256: text(&record.sha256),
            created_at: convert::time(record.created_at),
            started_at: record.started_at.map(convert::time),
            completed_at: record.completed_at.map(convert::time),
            updated_at: progress.updated_at,
            revision: record.revision,
            label_key: convert::sort_key(&record.disk_label),
            search: search_text(record),
            decision: record.decision.map(|decision| decision.as_str().to_owned()),
            position: record.position,
        })
    }
}

/// What a search looks at, each on its own line, so that no hit spans two of them (unless it was typed with a line break).
fn search_text(record: &JobRecord) -> String {
    let path = record.output_path.as_deref().unwrap_or(&record.output_dir);
    let name = record.requested_name.as_deref().unwrap_or_default();
    convert::normalised(&[&record.disk_label, name, &record.device, path].join("\n"))
}

impl TryFrom<(Row, Lease)> for JobRecord {
    type Error = StorageError;
    fn try_from((row, lease): (Row, Lease)) -> Result<Self, StorageError> {
        let state = json!({
            "status": row.status, "phase": row.phase, "reason": row.reason, "stopping": row.stopping, "verdict": row.verdict,
        });
        let unknown = |what: &str, word: &str| StorageError::Corrupt(format!("{what} is {word:?}"));
        Ok(Self {
            id: convert::parsed("job id", &row.id)?,
            kind: JobKind::parse(&row.kind).ok_or_else(|| unknown("job kind", &row.kind))?,
            mode: row.mode,
            origin: JobOrigin::parse(&row.origin).ok_or_else(|| unknown("job origin", &row.origin))?,
            options: convert::from_json("options", &row.options)?,
            priority: convert::unsigned("priority", row.priority)?,
            position: row.position,
            device: row.device,
            drive_id: row.drive_id.map(|id| DriveId::new(&id)),
            media_session: row.media_session.map(|number| convert::unsigned("session", number)).transpose()?,
            medium: row.medium.map(|text| convert::from_json("medium", &text)).transpose()?,
            fingerprint: row.fingerprint.map(Fingerprint),
            disk_label: row.disk_label,
            disk_type: row.disk_type,
            iso_id: row.iso_id.map(|id| convert::parsed("image id", &id)).transpose()?,
            requested_name: row.requested_name,
            output_dir: row.output_dir,
            output_path: row.output_path,
            state: convert::from_fields("job state", state)?,
            message: row.message,
            error_code: row.error_code,
            attempts: convert::unsigned("attempts", row.attempts)?,
            decision: row.decision.map(|word| Decision::parse(&word).ok_or_else(|| unknown("decision", &word))).transpose()?,
            progress: Progress {
                size_total: convert::unsigned("size", row.size_total)?,
                size_processed: convert::unsigned("size", row.size_processed)?,
                speed: row.speed,
                error_count: convert::unsigned("error count", row.error_count)?,
            },
            md5: row.md5,
            sha256: row.sha256,
            lease_owner: lease.lease_owner,
            lease_until: lease.lease_until.map(convert::utc),
            created_at: convert::utc(row.created_at),
            started_at: row.started_at.map(convert::utc),
            completed_at: row.completed_at.map(convert::utc),
            updated_at: convert::utc(row.updated_at),
            revision: row.revision,
        })
    }
}
