//! Deleted jobs: in no list and unknown to [`super::get`], but there until they are removed for good.

use super::{
    JobRecord,
    row::{Lease, Row},
};
use crate::{
    domain::ids::JobId,
    storage::{Connection, StorageError, convert, schema::jobs},
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// Hides a job. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError::NotFound`] if it is not there or hidden already.
pub fn hide(connection: &mut Connection, id: JobId, at: DateTime<Utc>) -> Result<(), StorageError> {
    let shown = jobs::table.filter(jobs::id.eq(id.to_string())).filter(jobs::deleted_at.is_null());
    let changed = diesel::update(shown)
        .set((jobs::deleted_at.eq(convert::time(at)), jobs::revision.eq(jobs::revision + 1)))
        .execute(connection)?;
    if changed == 1 { Ok(()) } else { Err(StorageError::NotFound) }
}

/// Shows a job again that was hidden after `since`. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError::NotFound`] if no job was hidden then.
pub fn restore(connection: &mut Connection, id: JobId, since: DateTime<Utc>) -> Result<(), StorageError> {
    let hidden = jobs::table.filter(jobs::id.eq(id.to_string())).filter(jobs::deleted_at.gt(convert::time(since)));
    let changed = diesel::update(hidden)
        .set((jobs::deleted_at.eq(None::<chrono::NaiveDateTime>), jobs::revision.eq(jobs::revision + 1)))
        .execute(connection)?;
    if changed == 1 { Ok(()) } else { Err(StorageError::NotFound) }
}

/// At most `limit` jobs that were hidden at `until` or before, oldest first.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn expired(connection: &mut Connection, until: DateTime<Utc>, limit: u32) -> Result<Vec<JobRecord>, StorageError> {
    let rows: Vec<(Row, Lease)> = jobs::table
        .filter(jobs::deleted_at.le(convert::time(until)))
        .order(jobs::deleted_at.asc())
        .limit(i64::from(limit))
        .select((Row::as_select(), Lease::as_select()))
        .load(connection)?;
    rows.into_iter().map(JobRecord::try_from).collect()
}
