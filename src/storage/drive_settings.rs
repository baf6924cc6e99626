//! What people set for each drive. Apart from the drive's own row, which its actor writes at every change of state.

use super::{Connection, StorageError, convert, schema::drive_settings::dsl};
use crate::domain::{drive_settings::DriveSettings, ids::DriveId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// The settings of a drive; the defaults if nobody has changed any.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn get(connection: &mut Connection, id: &DriveId) -> Result<DriveSettings, StorageError> {
    let text: Option<String> =
        dsl::drive_settings.filter(dsl::drive_id.eq(id.as_str())).select(dsl::settings).first(connection).optional()?;
    text.map_or_else(|| Ok(DriveSettings::default()), |text| convert::from_json("settings of a drive", &text))
}

/// Stores the settings of a drive. Inside [`super::Db::write`].
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn set(connection: &mut Connection, id: &DriveId, settings: &DriveSettings, now: DateTime<Utc>) -> Result<(), StorageError> {
    let (text, at) = (convert::json("settings of a drive", settings)?, convert::time(now));
    let values = (dsl::settings.eq(&text), dsl::updated_at.eq(at));
    // Writers never overlap, so "update, else insert" is safe, and it is the same on both databases.
    if diesel::update(dsl::drive_settings.filter(dsl::drive_id.eq(id.as_str()))).set(values).execute(connection)? == 0 {
        diesel::insert_into(dsl::drive_settings).values((dsl::drive_id.eq(id.as_str()), values)).execute(connection)?;
    }
    Ok(())
}
