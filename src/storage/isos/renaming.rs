//! Renaming: the wish is stored before a file is touched, and taken out with the last change, so that a crash leaves a trace of
//! what was under way.

use super::{IsoFacts, IsoRecord, row::Row};
use crate::{
    domain::ids::IsoId,
    storage::{self, Connection, StorageError, convert, schema::isos},
};
use diesel::prelude::*;

/// Where an image is under its new name.
#[derive(Debug, Clone, PartialEq)]
pub struct NewName {
    /// Name of its file.
    pub filename: String,
    /// Whole path of it.
    pub filepath: String,
    /// Path of its map, if it has one.
    pub map_path: Option<String>,
    /// Bytes of all files: sheets name the others.
    pub size: u64,
    /// With the new names of all files.
    pub facts: IsoFacts,
}

/// Stores the wish, and keeps the name for the job that made the image. Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError::NotFound`]; [`StorageError::Unique`] if a job has the path.
pub fn begin(connection: &mut Connection, id: IsoId, name: &str, job_path: &str) -> Result<(), StorageError> {
    let target = isos::table.filter(isos::id.eq(id.to_string()));
    if diesel::update(target).set(isos::rename_to.eq(convert::text(name))).execute(connection)? == 0 {
        return Err(StorageError::NotFound);
    }
    set_job_path(connection, id, job_path)
}

/// Stores that the files have their new names. The files beside the image count as not written from then on. Inside
/// [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError::NotFound`]; [`StorageError::Unique`] with `filepath` if another image has that path.
pub fn finish(connection: &mut Connection, id: IsoId, new: &NewName) -> Result<IsoRecord, StorageError> {
    let mut record = super::get(connection, id)?;
    record.filename.clone_from(&new.filename);
    record.filepath.clone_from(&new.filepath);
    record.map_path.clone_from(&new.map_path);
    record.size = new.size;
    let row = Row::try_from(&record)?;
    let details = convert::json("details", &new.facts.details)?;
    let changes = (&row, isos::details.eq(details), isos::sidecars.eq(false), isos::rename_to.eq(None::<String>));
    diesel::update(isos::table.filter(isos::id.eq(id.to_string()))).set(changes).execute(connection)?;
    Ok(record)
}

/// Forgets the wish: the files have their old names. What lies beside the image is written again. Inside
/// [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn abandon(connection: &mut Connection, id: IsoId, job_path: &str) -> Result<(), StorageError> {
    let changes = (isos::rename_to.eq(None::<String>), isos::sidecars.eq(false));
    diesel::update(isos::table.filter(isos::id.eq(id.to_string()))).set(changes).execute(connection)?;
    set_job_path(connection, id, job_path)
}

/// What was being renamed when the service ended, with the wished names.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn under_way(connection: &mut Connection) -> Result<Vec<(IsoId, String)>, StorageError> {
    let rows: Vec<(String, Option<String>)> = isos::table
        .filter(isos::rename_to.is_not_null())
        .order(isos::number.asc())
        .select((isos::id, isos::rename_to))
        .load(connection)?;
    rows.into_iter().map(|(id, name)| Ok((convert::parsed("image id", &id)?, name.unwrap_or_default()))).collect()
}

/// The job that made the image has its name reserved; a job that is gone has none.
fn set_job_path(connection: &mut Connection, id: IsoId, path: &str) -> Result<(), StorageError> {
    let job: Option<String> = isos::table.filter(isos::id.eq(id.to_string())).select(isos::job_id).first(connection)?;
    let Some(job) = job else { return Ok(()) };
    let mut job = storage::jobs::get(connection, convert::parsed("job id", &job)?)?;
    if job.output_path.is_none() {
        return Ok(());
    }
    job.output_path = Some(path.to_owned());
    storage::jobs::update(connection, &job)
}
