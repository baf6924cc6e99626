//! Where waiting jobs stand in the queue.

use crate::{
    domain::queue_order::Place,
    storage::{Connection, StorageError, convert, schema::jobs},
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// The places of all jobs that wait for the dispatcher, in the order in which they shall run.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn places(connection: &mut Connection) -> Result<Vec<Place>, StorageError> {
    let rows: Vec<(String, i64, i64)> = jobs::table
        .filter(jobs::status.eq("queued"))
        .order((jobs::priority.desc(), jobs::position.asc(), jobs::number.asc()))
        .select((jobs::id, jobs::priority, jobs::position))
        .load(connection)?;
    let place = |(id, priority, position): (String, i64, i64)| {
        let priority =
            i32::try_from(priority).map_err(|_| StorageError::Corrupt(format!("priority of job {id} is {priority}")))?;
        Ok(Place { job: convert::parsed("job id", &id)?, priority, position })
    };
    rows.into_iter().map(place).collect()
}

/// Gives a waiting job another place. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError::Conflict`] if it does not wait any more.
pub fn set_place(connection: &mut Connection, place: &Place, now: DateTime<Utc>) -> Result<(), StorageError> {
    let waiting = jobs::table.filter(jobs::id.eq(place.job.to_string())).filter(jobs::status.eq("queued"));
    let changed = diesel::update(waiting)
        .set((
            jobs::priority.eq(i64::from(place.priority)),
            jobs::position.eq(place.position),
            jobs::updated_at.eq(convert::time(now)),
            jobs::revision.eq(jobs::revision + 1),
        ))
        .execute(connection)?;
    match changed {
        1 => Ok(()),
        _ => Err(StorageError::Conflict(format!("job {} does not wait any more", place.job))),
    }
}
