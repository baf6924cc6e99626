//! An image as columns.

use super::IsoRecord;
use crate::{
    domain::disc::Fingerprint,
    storage::{StorageError, convert, schema::isos},
};
use chrono::NaiveDateTime;
use diesel::prelude::*;

/// All columns but `number`, which the database gives, and those that can be large and are asked for by themselves.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = isos, treat_none_as_null = true)]
pub(super) struct Row {
    pub id: String,
    job_id: Option<String>,
    filename: String,
    filepath: String,
    map_path: Option<String>,
    size: i64,
    md5sum: Option<String>,
    sha256sum: Option<String>,
    disk_type: String,
    disk_label: String,
    fingerprint: Option<String>,
    medium: Option<String>,
    verdict: String,
    reasons: String,
    bad_sectors: i64,
    created_at: NaiveDateTime,
    verified_at: Option<NaiveDateTime>,
    verify_ok: Option<bool>,
    label_key: String,
    search: String,
    mode: String,
    trashed_at: Option<NaiveDateTime>,
    check_state: String,
}

impl TryFrom<&IsoRecord> for Row {
    type Error = StorageError;
    fn try_from(record: &IsoRecord) -> Result<Self, StorageError> {
        let text = |text: &Option<String>| text.as_deref().map(convert::text);
        Ok(Self {
            id: record.id.to_string(),
            job_id: record.job_id.map(|id| id.to_string()),
            filename: convert::text(&record.filename),
            filepath: convert::text(&record.filepath),
            map_path: text(&record.map_path),
            size: convert::signed("size", record.size)?,
            md5sum: text(&record.md5sum),
            sha256sum: text(&record.sha256sum),
            disk_type: convert::text(&record.disk_type),
            disk_label: convert::text(&record.disk_label),
            fingerprint: record.fingerprint.as_ref().map(|print| convert::text(&print.0)),
            medium: record.medium.as_ref().map(|medium| convert::json("medium", medium)).transpose()?,
            verdict: record.verdict.as_str().to_owned(),
            reasons: convert::json("reasons", &record.reasons)?,
            bad_sectors: convert::signed("bad sectors", record.bad_sectors)?,
            created_at: convert::time(record.created_at),
            verified_at: record.verified_at.map(convert::time),
            verify_ok: record.verify_ok,
            label_key: convert::sort_key(&record.disk_label),
            search: convert::normalised(&[record.disk_label.as_str(), &record.filepath].join("\n")),
            mode: convert::text(&record.mode),
            trashed_at: record.trashed_at.map(convert::time),
            check_state: super::check_state(record.verify_ok).to_owned(),
        })
    }
}

impl TryFrom<Row> for IsoRecord {
    type Error = StorageError;
    fn try_from(row: Row) -> Result<Self, StorageError> {
        Ok(Self {
            id: convert::parsed("image id", &row.id)?,
            job_id: row.job_id.map(|id| convert::parsed("job id", &id)).transpose()?,
            mode: row.mode,
            filename: row.filename,
            filepath: row.filepath,
            map_path: row.map_path,
            size: convert::unsigned("size", row.size)?,
            md5sum: row.md5sum,
            sha256sum: row.sha256sum,
            disk_type: row.disk_type,
            disk_label: row.disk_label,
            fingerprint: row.fingerprint.map(Fingerprint),
            medium: row.medium.map(|text| convert::from_json("medium", &text)).transpose()?,
            verdict: convert::from_word("verdict", &row.verdict)?,
            reasons: convert::from_json("reasons", &row.reasons)?,
            bad_sectors: convert::unsigned("bad sectors", row.bad_sectors)?,
            created_at: convert::utc(row.created_at),
            verified_at: row.verified_at.map(convert::utc),
            verify_ok: row.verify_ok,
            trashed_at: row.trashed_at.map(convert::utc),
        })
    }
}
