//! Single jobs, and the short lists that the service itself needs.

use super::{
    JobKind, JobRecord,
    row::{Lease, Row},
};
use crate::{
    domain::{
        disc::Fingerprint,
        ids::{DriveId, JobId},
        job::JobState,
        result::ScanResult,
    },
    storage::{Connection, StorageError, convert, schema::jobs},
};
use diesel::{Connection as _, dsl::count_star, prelude::*};
use std::collections::BTreeMap;

/// The states that are not over.
const UNFINISHED: [&str; 3] = ["queued", "running", "paused"];

/// Stores a new job. Inside [`crate::storage::Db::write`], which goes on undisturbed if the error is dealt with.
///
/// # Errors
/// [`StorageError::Unique`] with `media_session` if that session of the drive has had its automatic job, with `output_path` if
/// another job has reserved that path, with `id`.
pub fn insert(connection: &mut Connection, record: &JobRecord) -> Result<(), StorageError> {
    let values = (Row::try_from(record)?, Lease::of(record));
    // In a savepoint: after an error, PostgreSQL would refuse everything else in this transaction.
    connection.transaction(|connection| {
        diesel::insert_into(jobs::table).values(values).execute(connection)?;
        Ok(())
    })
}

/// One job.
///
/// # Errors
/// [`StorageError::NotFound`] if it is not there or deleted, or another if the database fails.
pub fn get(connection: &mut Connection, id: JobId) -> Result<JobRecord, StorageError> {
    let row: (Row, Lease) = jobs::table
        .filter(jobs::id.eq(id.to_string()))
        .filter(jobs::deleted_at.is_null())
        .select((Row::as_select(), Lease::as_select()))
        .first(connection)?;
    JobRecord::try_from(row)
}

/// Stores a changed job if its row still has the record's revision, and counts that up: the next change needs
/// `record.revision + 1`. The lease is kept while the job runs and ends with running. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError::Conflict`] if somebody else changed it since it was read, [`StorageError::NotFound`] if it is gone,
/// [`StorageError::Unique`] as for [`insert`].
pub fn update(connection: &mut Connection, record: &JobRecord) -> Result<(), StorageError> {
    let mut row = Row::try_from(record)?;
    row.revision = record.revision + 1;
    let id = record.id.to_string();
    let target = jobs::table.filter(jobs::id.eq(&id)).filter(jobs::revision.eq(record.revision));
    let running = matches!(record.state, JobState::Running { .. });
    let changed = connection.transaction(|connection| {
        let changed = if running {
            diesel::update(target).set(&row).execute(connection)?
        } else {
            diesel::update(target).set((&row, Lease::new(None, None))).execute(connection)?
        };
        Ok::<_, StorageError>(changed)
    })?;
    if changed == 1 {
        return Ok(());
    }
    let now: i64 = jobs::table.filter(jobs::id.eq(&id)).select(jobs::revision).first(connection)?;
    Err(StorageError::Conflict(format!("job {id} is at revision {now}, not {}", record.revision)))
}

/// Stores what came of a job that makes no image. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError::NotFound`], or another if the database fails.
pub fn set_result(connection: &mut Connection, id: JobId, result: &ScanResult) -> Result<(), StorageError> {
    let text = convert::json("result", result)?;
    match diesel::update(jobs::table.filter(jobs::id.eq(id.to_string()))).set(jobs::result.eq(text)).execute(connection)? {
        0 => Err(StorageError::NotFound),
        _ => Ok(()),
    }
}

/// What came of a job that makes no image; `None` if nothing did yet.
///
/// # Errors
/// [`StorageError::NotFound`], or another if the database fails.
pub fn result(connection: &mut Connection, id: JobId) -> Result<Option<ScanResult>, StorageError> {
    let text: Option<String> = jobs::table.filter(jobs::id.eq(id.to_string())).select(jobs::result).first(connection)?;
    text.map(|text| convert::from_json("result", &text)).transpose()
}

/// Whether a job has this path for its image.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn is_reserved(connection: &mut Connection, path: &str) -> Result<bool, StorageError> {
    let reserved = jobs::table.filter(jobs::output_path.eq(convert::text(path)));
    Ok(diesel::select(diesel::dsl::exists(reserved)).get_result(connection)?)
}

/// Removes a job for good; its image stays and forgets it. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError::NotFound`], or another if the database fails.
pub fn delete(connection: &mut Connection, id: JobId) -> Result<(), StorageError> {
    match diesel::delete(jobs::table.filter(jobs::id.eq(id.to_string()))).execute(connection)? {
        0 => Err(StorageError::NotFound),
        _ => Ok(()),
    }
}

/// All jobs that are not over, in the order in which they shall run: priority, then place, then age.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn unfinished(connection: &mut Connection) -> Result<Vec<JobRecord>, StorageError> {
    with_status(connection, &UNFINISHED)
}

/// The jobs that wait for the dispatcher, in the order in which they shall run.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn queued(connection: &mut Connection) -> Result<Vec<JobRecord>, StorageError> {
    with_status(connection, &["queued"])
}

fn with_status(connection: &mut Connection, status: &[&str]) -> Result<Vec<JobRecord>, StorageError> {
    let rows: Vec<(Row, Lease)> = jobs::table
        .filter(jobs::status.eq_any(status))
        .order((jobs::priority.desc(), jobs::position.asc(), jobs::number.asc()))
        .select((Row::as_select(), Lease::as_select()))
        .load(connection)?;
    rows.into_iter().map(JobRecord::try_from).collect()
}

/// The job that reads this drive now.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn running_for_drive(connection: &mut Connection, drive: &DriveId) -> Result<Option<JobRecord>, StorageError> {
    let row: Option<(Row, Lease)> = jobs::table
        .filter(jobs::status.eq("running"))
        .filter(jobs::drive_id.eq(drive.as_str()))
        .order(jobs::number.asc())
        .select((Row::as_select(), Lease::as_select()))
        .first(connection)
        .optional()?;
    row.map(JobRecord::try_from).transpose()
}

/// Whether an unfinished image job wants this disc in this drive.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn wanting_disc(connection: &mut Connection, drive: &DriveId, disc: &Fingerprint) -> Result<bool, StorageError> {
    let wanting = jobs::table
        .filter(jobs::status.eq_any(UNFINISHED))
        .filter(jobs::kind.eq(JobKind::Image.as_str()))
        .filter(jobs::drive_id.eq(drive.as_str()))
        .filter(jobs::fingerprint.eq(&disc.0));
    Ok(diesel::select(diesel::dsl::exists(wanting)).get_result(connection)?)
}

/// How many jobs there are in each state that has any.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn counts_by_status(connection: &mut Connection) -> Result<BTreeMap<String, u64>, StorageError> {
    let all: Vec<(String, i64)> = jobs::table.group_by(jobs::status).select((jobs::status, count_star())).load(connection)?;
    // Two counts from indexes are cheaper than one that has to look at every row.
    let hidden: Vec<(String, i64)> = jobs::table
        .filter(jobs::deleted_at.is_not_null())
        .group_by(jobs::status)
        .select((jobs::status, count_star()))
        .load(connection)?;
    let mut counts: BTreeMap<String, i64> = all.into_iter().collect();
    for (status, count) in hidden {
        *counts.entry(status).or_default() -= count;
    }
    counts.retain(|_, count| *count > 0);
    counts.into_iter().map(|(status, count)| Ok((status, convert::unsigned("count", count)?))).collect()
}
