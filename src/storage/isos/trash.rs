//! The trash: images that a person deleted and may take back. Their files are where they were, and so are their names.

use crate::{
    domain::ids::IsoId,
    storage::{Connection, StorageError, convert, schema::isos},
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// Puts an image into the trash; false if it lies there already. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError::NotFound`], or another if the database fails.
pub fn trash(connection: &mut Connection, id: IsoId, at: DateTime<Utc>) -> Result<bool, StorageError> {
    let there = isos::table.filter(isos::id.eq(id.to_string())).filter(isos::trashed_at.is_null());
    let changed = diesel::update(there).set(isos::trashed_at.eq(Some(convert::time(at)))).execute(connection)?;
    known(connection, id, changed)
}

/// Takes an image back; false if it is not in the trash. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError::NotFound`], or another if the database fails.
pub fn restore(connection: &mut Connection, id: IsoId) -> Result<bool, StorageError> {
    let there = isos::table.filter(isos::id.eq(id.to_string())).filter(isos::trashed_at.is_not_null());
    let changed = diesel::update(there).set(isos::trashed_at.eq(None::<chrono::NaiveDateTime>)).execute(connection)?;
    known(connection, id, changed)
}

/// Takes everything back that was deleted at this very moment; gives the ids. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn restore_all(connection: &mut Connection, at: DateTime<Utc>) -> Result<Vec<IsoId>, StorageError> {
    let of_then = isos::table.filter(isos::trashed_at.eq(convert::time(at)));
    let ids: Vec<String> = of_then.select(isos::id).load(connection)?;
    diesel::update(of_then).set(isos::trashed_at.eq(None::<chrono::NaiveDateTime>)).execute(connection)?;
    ids.iter().map(|id| convert::parsed("image id", id)).collect()
}

/// Images that were deleted before this time, the first ones first.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn outdated(connection: &mut Connection, before: DateTime<Utc>, limit: u32) -> Result<Vec<IsoId>, StorageError> {
    let ids: Vec<String> = isos::table
        .filter(isos::trashed_at.is_not_null())
        .filter(isos::trashed_at.lt(convert::time(before)))
        .order(isos::trashed_at.asc())
        .limit(i64::from(limit))
        .select(isos::id)
        .load(connection)?;
    ids.iter().map(|id| convert::parsed("image id", id)).collect()
}

/// Whether something changed; if not, there must at least be such an image.
fn known(connection: &mut Connection, id: IsoId, changed: usize) -> Result<bool, StorageError> {
    if changed == 0 {
        isos::table.filter(isos::id.eq(id.to_string())).select(isos::id).first::<String>(connection)?;
    }
    Ok(changed > 0)
}
