//! What belongs to an image: other images of its disc, jobs that work with it.

use super::{IsoRecord, row::Row};
use crate::{
    domain::{disc::Fingerprint, ids::IsoId},
    storage::{
        self, Connection, StorageError, convert,
        jobs::JobRecord,
        schema::{isos, jobs},
    },
};
use diesel::prelude::*;

/// Whether a job that is not over works with the image: makes it anew, or reads it back.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn is_in_use(connection: &mut Connection, image: &IsoRecord) -> Result<bool, StorageError> {
    let open = jobs::table.filter(jobs::status.eq_any(["queued", "running", "paused"]));
    let maker = image.job_id.map(|job| job.to_string()).unwrap_or_default();
    let about = open.filter(jobs::iso_id.eq(image.id.to_string()).or(jobs::id.eq(maker)));
    let found: Vec<String> = about.limit(1).select(jobs::id).load(connection)?;
    Ok(!found.is_empty())
}

/// Other images of the same disc, newest first; also those in the trash.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn same_disc(
    connection: &mut Connection,
    disc: &Fingerprint,
    but: IsoId,
    limit: u32,
) -> Result<Vec<IsoRecord>, StorageError> {
    let rows: Vec<Row> = isos::table
        .filter(isos::fingerprint.eq(&disc.0))
        .filter(isos::id.ne(but.to_string()))
        .order((isos::created_at.desc(), isos::number.desc()))
        .limit(i64::from(limit))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(IsoRecord::try_from).collect()
}

/// The newest job that reads this image back, over or not.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn last_check(connection: &mut Connection, id: IsoId) -> Result<Option<JobRecord>, StorageError> {
    let newest: Option<String> = jobs::table
        .filter(jobs::iso_id.eq(id.to_string()))
        .filter(jobs::kind.eq("verify"))
        .order(jobs::number.desc())
        .select(jobs::id)
        .first(connection)
        .optional()?;
    newest.map(|job| storage::jobs::get(connection, convert::parsed("job id", &job)?)).transpose()
}
