//! Single images.

use super::{IsoFacts, IsoRecord, row::Row};
use crate::{
    domain::{
        disc::Fingerprint,
        ids::{IsoId, JobId},
        verdict::Verdict,
    },
    storage::{Connection, StorageError, convert, schema::isos},
};
use chrono::{DateTime, Utc};
use diesel::{
    Connection as _,
    prelude::*,
    sql_types::{Integer, Text},
};

diesel::define_sql_function! {
    /// First `length` characters from `start`.
    fn substr(text: Text, start: Integer, length: Integer) -> Text;
}

/// Enters an image, and may be called again for the same job (after a crash between entering and noting that it was entered):
/// then the entry is brought up to date and keeps its id. The files beside the image count as not written from then on. Returns
/// what is stored. Inside [`crate::storage::Db::write`], which
/// goes on undisturbed if the error is dealt with.
///
/// # Errors
/// [`StorageError::Unique`] with `filepath` if another image has that path, with `id`.
pub fn publish(connection: &mut Connection, record: &IsoRecord, facts: &IsoFacts) -> Result<IsoRecord, StorageError> {
    let mut row = Row::try_from(record)?;
    let large = (
        isos::details.eq(convert::json("details", &facts.details)?),
        isos::provenance.eq(convert::json("provenance", &facts.provenance)?),
        isos::sidecars.eq(false),
    );
    let known = match record.job_id {
        Some(job) => by_job(connection, job)?,
        None => None,
    };
    // In a savepoint: after an error, PostgreSQL would refuse everything else in this transaction.
    connection.transaction(|connection| {
        if let Some(known) = &known {
            row.id = known.id.to_string();
            diesel::update(isos::table.filter(isos::id.eq(&row.id))).set((&row, large)).execute(connection)?;
        } else {
            diesel::insert_into(isos::table).values((&row, large)).execute(connection)?;
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

/// The large part of an entry.
///
/// # Errors
/// [`StorageError::NotFound`], or another if the database fails.
pub fn facts(connection: &mut Connection, id: IsoId) -> Result<IsoFacts, StorageError> {
    let (details, provenance): (String, String) =
        isos::table.filter(isos::id.eq(id.to_string())).select((isos::details, isos::provenance)).first(connection)?;
    Ok(IsoFacts { details: convert::from_json("details", &details)?, provenance: convert::from_json("provenance", &provenance)? })
}

/// Images whose files beside them are not written (any more), oldest first, of those with a number above `after`; with that number.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn without_sidecars(connection: &mut Connection, after: i64, limit: u32) -> Result<Vec<(i64, IsoId)>, StorageError> {
    let rows: Vec<(i64, String)> = isos::table
        .filter(diesel::dsl::not(isos::sidecars))
        .filter(isos::number.gt(after))
        .order(isos::number.asc())
        .limit(i64::from(limit))
        .select((isos::number, isos::id))
        .load(connection)?;
    rows.into_iter().map(|(number, id)| Ok((number, convert::parsed("image id", &id)?))).collect()
}

/// Notes that the files beside an image say what its entry said when it was entered at `entered`. Nothing happens if the entry is
/// gone or was entered again since.
/// Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn sidecars_written(connection: &mut Connection, id: IsoId, entered: DateTime<Utc>) -> Result<(), StorageError> {
    let same = isos::table.filter(isos::id.eq(id.to_string())).filter(isos::created_at.eq(convert::time(entered)));
    diesel::update(same).set(isos::sidecars.eq(true)).execute(connection)?;
    Ok(())
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

/// How many images lie below this folder, and their bytes together.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn sums_below(connection: &mut Connection, folder: &str) -> Result<(u64, u64), StorageError> {
    let prefix = format!("{}/", folder.trim_end_matches('/'));
    let length = i32::try_from(prefix.chars().count()).unwrap_or(i32::MAX);
    // A sum of BIGINT is NUMERIC on PostgreSQL.
    let sum = diesel::dsl::sql::<diesel::sql_types::BigInt>("CAST(COALESCE(SUM(size), 0) AS BIGINT)");
    let (count, bytes): (i64, i64) = isos::table
        .filter(substr(isos::filepath, 1, length).eq(prefix))
        .select((diesel::dsl::count_star(), sum))
        .first(connection)?;
    Ok((convert::unsigned("images", count)?, convert::unsigned("bytes of images", bytes)?))
}

/// The newest good image of this disc; one in the trash does not count.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn archived(connection: &mut Connection, disc: &Fingerprint) -> Result<Option<IsoRecord>, StorageError> {
    let all = [Verdict::Complete, Verdict::CompleteTrimmed, Verdict::Degraded, Verdict::Incomplete, Verdict::Failed];
    let good: Vec<&str> = all.into_iter().filter(|verdict| verdict.is_good()).map(Verdict::as_str).collect();
    let row: Option<Row> = isos::table
        .filter(isos::fingerprint.eq(&disc.0))
        .filter(isos::verdict.eq_any(good))
        .filter(isos::trashed_at.is_null())
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
    let changes =
        (isos::verified_at.eq(convert::time(at)), isos::verify_ok.eq(ok), isos::check_state.eq(super::check_state(Some(ok))));
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
