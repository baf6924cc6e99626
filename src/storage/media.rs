//! Discs that were ever seen, by fingerprint.

use super::{Connection, StorageError, convert, schema::media};
use crate::domain::{
    disc::{DiscKind, Fingerprint, MediaProfile, Medium},
    ids::DriveId,
};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// A disc that was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct MediaRecord {
    /// Its identity.
    pub fingerprint: Fingerprint,
    /// Its label.
    pub label: String,
    /// What kind of disc it is.
    pub kind: DiscKind,
    /// Profile as the last drive told it.
    pub profile: MediaProfile,
    /// Size in sectors.
    pub sectors: u64,
    /// First time.
    pub first_seen: DateTime<Utc>,
    /// Last time.
    pub last_seen: DateTime<Utc>,
    /// How often it was identified.
    pub times_seen: u64,
    /// Drive that saw it last.
    pub last_drive: Option<DriveId>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = media, primary_key(fingerprint), treat_none_as_null = true)]
struct Row {
    fingerprint: String,
    label: String,
    kind: String,
    profile: i64,
    sectors: i64,
    first_seen: NaiveDateTime,
    last_seen: NaiveDateTime,
    times_seen: i64,
    last_drive: Option<String>,
}

/// Notes that a drive has identified this disc. Inside [`super::Db::write`].
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn seen(
    connection: &mut Connection,
    medium: &Medium,
    drive: &DriveId,
    now: DateTime<Utc>,
) -> Result<MediaRecord, StorageError> {
    let before = get(connection, &medium.fingerprint)?;
    let row = Row {
        fingerprint: convert::text(&medium.fingerprint.0),
        label: convert::text(&medium.label),
        kind: medium.kind.as_str().to_owned(),
        profile: i64::from(medium.profile.0),
        sectors: convert::signed("sectors", medium.size.sectors)?,
        first_seen: convert::time(before.as_ref().map_or(now, |before| before.first_seen)),
        last_seen: convert::time(now),
        times_seen: convert::signed("times seen", before.as_ref().map_or(0, |before| before.times_seen) + 1)?,
        last_drive: Some(drive.as_str().to_owned()),
    };
    if before.is_some() {
        diesel::update(media::table.filter(media::fingerprint.eq(&row.fingerprint))).set(&row).execute(connection)?;
    } else {
        diesel::insert_into(media::table).values(&row).execute(connection)?;
    }
    MediaRecord::try_from(row)
}

/// A disc, if it was ever seen.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn get(connection: &mut Connection, fingerprint: &Fingerprint) -> Result<Option<MediaRecord>, StorageError> {
    let row: Option<Row> =
        media::table.filter(media::fingerprint.eq(&fingerprint.0)).select(Row::as_select()).first(connection).optional()?;
    row.map(MediaRecord::try_from).transpose()
}

impl TryFrom<Row> for MediaRecord {
    type Error = StorageError;
    fn try_from(row: Row) -> Result<Self, StorageError> {
        Ok(Self {
            fingerprint: Fingerprint(row.fingerprint),
            label: row.label,
            kind: convert::from_word("disc kind", &row.kind)?,
            profile: MediaProfile(convert::unsigned("profile", row.profile)?),
            sectors: convert::unsigned("sectors", row.sectors)?,
            first_seen: convert::utc(row.first_seen),
            last_seen: convert::utc(row.last_seen),
            times_seen: convert::unsigned("times seen", row.times_seen)?,
            last_drive: row.last_drive.map(|id| DriveId::new(&id)),
        })
    }
}
