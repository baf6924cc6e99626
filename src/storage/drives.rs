//! Drives: what must survive a restart, and what people called them.

use super::{Connection, StorageError, convert, schema::drives};
use crate::domain::{
    disc::{Fingerprint, Medium},
    drive::{Drive, DriveState},
    ids::DriveId,
};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Whether a drive is real.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriveKind {
    /// A device of the kernel.
    Scsi,
    /// A folder that behaves like a drive.
    Virtual,
}

impl DriveKind {
    /// The word used in the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scsi => "scsi",
            Self::Virtual => "virtual",
        }
    }
}

/// A drive as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct DriveRecord {
    /// Its path on the bus, or `virtual-<folder>`.
    pub id: DriveId,
    /// Real or virtual.
    pub kind: DriveKind,
    /// Device node or folder, as it was last.
    pub path: String,
    /// Name that people gave it; at first its model.
    pub name: String,
    /// What it says about itself (vendor, model, firmware, serial).
    pub identity: Value,
    /// State, media session and what else the state machine remembers.
    pub drive: Drive,
    /// The medium that was identified last.
    pub medium: Option<Medium>,
    /// First time it was connected.
    pub created_at: DateTime<Utc>,
    /// Last change of this row.
    pub updated_at: DateTime<Utc>,
    /// Last time it answered.
    pub seen_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = drives, treat_none_as_null = true)]
struct Row {
    id: String,
    kind: String,
    path: String,
    name: String,
    identity: String,
    state: String,
    reason: Option<String>,
    job_id: Option<String>,
    verdict: Option<String>,
    session: i64,
    fingerprint: Option<String>,
    insertion: Option<i64>,
    offered: bool,
    medium: Option<String>,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    seen_at: NaiveDateTime,
}

/// One drive.
///
/// # Errors
/// [`StorageError::NotFound`], or another if the database fails.
pub fn get(connection: &mut Connection, id: &DriveId) -> Result<DriveRecord, StorageError> {
    let row: Row = drives::table.filter(drives::id.eq(id.as_str())).select(Row::as_select()).first(connection)?;
    DriveRecord::try_from(row)
}

/// All drives, by id.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn list(connection: &mut Connection) -> Result<Vec<DriveRecord>, StorageError> {
    let rows: Vec<Row> = drives::table.order(drives::id).select(Row::as_select()).load(connection)?;
    rows.into_iter().map(DriveRecord::try_from).collect()
}

/// Stores a drive, new or known. A known one keeps its `created_at`. Inside [`super::Db::write`].
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn upsert(connection: &mut Connection, record: &DriveRecord) -> Result<(), StorageError> {
    let mut row = Row::try_from(record)?;
    let known: Option<NaiveDateTime> =
        drives::table.filter(drives::id.eq(&row.id)).select(drives::created_at).first(connection).optional()?;
    if let Some(created_at) = known {
        row.created_at = created_at;
        diesel::update(drives::table.filter(drives::id.eq(&row.id))).set(&row).execute(connection)?;
    } else {
        diesel::insert_into(drives::table).values(&row).execute(connection)?;
    }
    Ok(())
}

impl TryFrom<&DriveRecord> for Row {
    type Error = StorageError;
    fn try_from(record: &DriveRecord) -> Result<Self, StorageError> {
        let state = convert::fields("drive state", &record.drive.state)?;
        Ok(Self {
            id: record.id.as_str().to_owned(),
            kind: record.kind.as_str().to_owned(),
            path: convert::text(&record.path),
            name: convert::text(&record.name),
            identity: convert::json("identity", &record.identity)?,
            state: record.drive.state.name().to_owned(),
            reason: convert::field(&state, "reason"),
            job_id: convert::field(&state, "job"),
            verdict: convert::field(&state, "verdict"),
            session: convert::signed("session", record.drive.session)?,
            fingerprint: record.drive.disc.as_ref().map(|disc| convert::text(&disc.0)),
            insertion: record.drive.insertion.map(|number| convert::signed("insertion", number)).transpose()?,
            offered: record.drive.offered,
            medium: record.medium.as_ref().map(|medium| convert::json("medium", medium)).transpose()?,
            created_at: convert::time(record.created_at),
            updated_at: convert::time(record.updated_at),
            seen_at: convert::time(record.seen_at),
        })
    }
}

impl TryFrom<Row> for DriveRecord {
    type Error = StorageError;
    fn try_from(row: Row) -> Result<Self, StorageError> {
        let fields = json!({ "state": row.state, "reason": row.reason, "job": row.job_id, "verdict": row.verdict });
        let state: DriveState = convert::from_fields("drive state", fields)?;
        Ok(Self {
            id: DriveId::new(&row.id),
            kind: convert::from_word("drive kind", &row.kind)?,
            path: row.path,
            name: row.name,
            identity: convert::from_json("identity", &row.identity)?,
            drive: Drive {
                state,
                session: convert::unsigned("session", row.session)?,
                disc: row.fingerprint.map(Fingerprint),
                insertion: row.insertion.map(|number| convert::unsigned("insertion", number)).transpose()?,
                offered: row.offered,
            },
            medium: row.medium.map(|text| convert::from_json("medium", &text)).transpose()?,
            created_at: convert::utc(row.created_at),
            updated_at: convert::utc(row.updated_at),
            seen_at: convert::utc(row.seen_at),
        })
    }
}
