//! Single images.

use super::{IsoRecord, row::Row};
use crate::{
    domain::{
        disc::Fingerprint,
        ids::{IsoId, JobId},
        verdict::Verdict,
    },
    storage::{Connection, StorageError, convert, schema::isos},
};
use chrono::{DateTime, Utc};
use diesel::{Connection as _, prelude::*};

/// Enters an image, and may be called again for the same job (after a crash between entering and noting that it was entered):
/// then the entry is brought up to date and keeps its id. Returns what is stored. Inside [`crate::storage::Db::write`], which
/// goes on undisturbed if the error is dealt with.
///
/// # Errors
/// [`StorageError::Unique`] with `filepath` if another image has that path, with `id`.
pub fn publish(connection: &mut Connection, record: &IsoRecord) -> Result<IsoRecord, StorageError> {
    let mut row = Row::try_from(record)?;
    let known = match record.job_id {
        Some(job) => by_job(connection, job)?,
        None => None,
    };
    // In a savepoint: after an error, PostgreSQL would refuse everything else in this transaction.
    connection.transaction(|connection| {
        if let Some(known) = &known {
            row.id = known.id.to_string();
            diesel::update(isos::table.filter(isos::id.eq(&row.id))).set(&row).execute(connection)?;
        } else {
            diesel::insert_into(isos::table).values(&row).execute(connection)?;
        }
        Ok::<_, StorageError>(())
    })?;
    IsoRecord::try_from(row)
}

/// One image.
///
/// # Errors
/// [`StorageError::NotFound`], or another if the database fails.
pub fn get(connection: &mut Connection, id: IsoId) -> Result<IsoRecord, StorageError> {
    let row: Row = isos::table.filter(isos::id.eq(id.to_string())).select(Row::as_select()).first(connection)?;
    IsoRecord::try_from(row)
}

/// The image that a job made.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn by_job(connection: &mut Connection, job: JobId) -> Result<Option<IsoRecord>, StorageError> {
    let row: Option<Row> =
        isos::table.filter(isos::job_id.eq(job.to_string())).select(Row::as_select()).first(connection).optional()?;
    row.map(IsoRecord::try_from).transpose()
}

/// The newest good image of this disc.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn archived(connection: &mut Connection, disc: &Fingerprint) -> Result<Option<IsoRecord>, StorageError> {
    let all = [Verdict::Complete, Verdict::CompleteTrimmed, Verdict::Degraded, Verdict::Incomplete, Verdict::Failed];
    let good: Vec<&str> = all.into_iter().filter(|verdict| verdict.is_good()).map(Verdict::as_str).collect();
    let row: Option<Row> = isos::table
        .filter(isos::fingerprint.eq(&disc.0))
        .filter(isos::verdict.eq_any(good))
        .order((isos::created_at.desc(), isos::number.desc()))
        .select(Row::as_select())
        .first(connection)
        .optional()?;
    row.map(IsoRecord::try_from).transpose()
}

/// Notes what reading an image back has shown. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError::NotFound`], or another if the database fails.
pub fn set_verified(connection: &mut Connection, id: IsoId, ok: bool, at: DateTime<Utc>) -> Result<(), StorageError> {
    let changes = (isos::verified_at.eq(convert::time(at)), isos::verify_ok.eq(ok));
    match diesel::update(isos::table.filter(isos::id.eq(id.to_string()))).set(changes).execute(connection)? {
        0 => Err(StorageError::NotFound),
        _ => Ok(()),
    }
}

/// Removes an image from the catalogue; its file is the caller's affair. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError::NotFound`], or another if the database fails.
pub fn delete(connection: &mut Connection, id: IsoId) -> Result<(), StorageError> {
    match diesel::delete(isos::table.filter(isos::id.eq(id.to_string()))).execute(connection)? {
        0 => Err(StorageError::NotFound),
        _ => Ok(()),
    }
}
