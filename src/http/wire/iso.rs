//! An image.

use crate::storage::isos::IsoRecord;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// A catalogued image.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0198a2c4-9b20-7d11-8c40-13d5b0a7f9e2", "job_uuid": "0198a2c4-5f10-7c3a-9a51-7d2f0c9e1b44",
    "filename": "PHOTOS 2004.iso", "filepath": "/srv/images/PHOTOS 2004.iso", "size": 4_700_372_992_i64,
    "md5sum": "d41d8cd98f00b204e9800998ecf8427e",
    "sha256sum": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "mode": "standard", "disk_type": "data_dvd", "disk_label": "PHOTOS 2004", "verdict": "complete", "created_at": "2026-11-20T10:40:00.000000Z",
    "bad_sectors": 0, "reasons": [], "verified_at": null, "verify_ok": null, "map_path": "/srv/images/PHOTOS 2004.map",
    "fingerprint": "9f86d081884c7d659a2feaa0c55ad015", "trashed_at": null
}))]
pub struct Iso {
    /// Id.
    pub id: String,
    /// The job that made it; null once that job was removed.
    pub job_uuid: Option<String>,
    /// Name without folder.
    pub filename: String,
    /// How it was read: `standard`, `rescue` or `clone`.
    pub mode: String,
    /// The file.
    pub filepath: String,
    /// Bytes.
    pub size: u64,
    /// MD5 in hexadecimal.
    pub md5sum: Option<String>,
    /// SHA-256 in hexadecimal.
    pub sha256sum: Option<String>,
    /// Kind of disc.
    pub disk_type: String,
    /// Volume label; empty if it has none.
    pub disk_label: String,
    /// `complete`, `complete_trimmed`, `degraded`, `incomplete` or `failed`.
    pub verdict: String,
    /// When it was entered.
    pub created_at: DateTime<Utc>,
    /// Sectors that could not be read.
    pub bad_sectors: u64,
    /// Why it is not simply complete, in stable words.
    pub reasons: Vec<String>,
    /// When it was last compared with its hashes.
    pub verified_at: Option<DateTime<Utc>>,
    /// How that ended.
    pub verify_ok: Option<bool>,
    /// Its sector map (GNU ddrescue format).
    pub map_path: Option<String>,
    /// The disc it was made of.
    pub fingerprint: Option<String>,
    /// When it was put into the trash; null: it is in the library.
    pub trashed_at: Option<DateTime<Utc>>,
}

impl From<IsoRecord> for Iso {
    fn from(record: IsoRecord) -> Self {
        Self {
            id: record.id.to_string(),
            job_uuid: record.job_id.map(|id| id.to_string()),
            filename: record.filename,
            mode: record.mode,
            filepath: record.filepath,
            size: record.size,
            md5sum: record.md5sum,
            sha256sum: record.sha256sum,
            disk_type: record.disk_type,
            disk_label: record.disk_label,
            verdict: record.verdict.as_str().to_owned(),
            created_at: record.created_at,
            bad_sectors: record.bad_sectors,
            reasons: serde_json::from_value(record.reasons).unwrap_or_default(),
            verified_at: record.verified_at,
            verify_ok: record.verify_ok,
            map_path: record.map_path,
            fingerprint: record.fingerprint.map(|disc| disc.to_string()),
            trashed_at: record.trashed_at,
        }
    }
}
