//! Batches: one JSON document each, because its items are read and written as a whole.

use super::{Connection, StorageError, convert, schema::batches::dsl};
use crate::domain::{batch::Batch, ids::BatchId};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// A batch as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchRecord {
    /// Its id.
    pub id: BatchId,
    /// The batch.
    pub batch: Batch,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Last change.
    pub updated_at: DateTime<Utc>,
}

type Row = (String, String, NaiveDateTime, NaiveDateTime);

/// One batch.
///
/// # Errors
/// [`StorageError::NotFound`], or another if the database fails.
pub fn get(connection: &mut Connection, id: BatchId) -> Result<BatchRecord, StorageError> {
    let columns = (dsl::id, dsl::document, dsl::created_at, dsl::updated_at);
    record(dsl::batches.filter(dsl::id.eq(id.to_string())).select(columns).first(connection)?)
}

/// The newest batches, at most `limit`; only those with work if asked for.
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn list(connection: &mut Connection, only_active: bool, limit: u32) -> Result<Vec<BatchRecord>, StorageError> {
    let columns = (dsl::id, dsl::document, dsl::created_at, dsl::updated_at);
    let states = if only_active { vec![true] } else { vec![true, false] };
    let query = dsl::batches.filter(dsl::active.eq_any(states)).order((dsl::created_at.desc(), dsl::id.desc()));
    let rows: Vec<Row> = query.limit(i64::from(limit)).select(columns).load(connection)?;
    rows.into_iter().map(record).collect()
}

/// Stores a new batch. Inside [`super::Db::write`].
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn insert(connection: &mut Connection, id: BatchId, batch: &Batch, now: DateTime<Utc>) -> Result<(), StorageError> {
    let at = convert::time(now);
    diesel::insert_into(dsl::batches)
        .values((
            dsl::id.eq(id.to_string()),
            dsl::active.eq(batch.is_active()),
            dsl::document.eq(convert::json("batch", batch)?),
            dsl::created_at.eq(at),
            dsl::updated_at.eq(at),
        ))
        .execute(connection)?;
    Ok(())
}

/// Stores a batch as it is now. Inside the [`super::Db::write`] that it was read in: writers never overlap.
///
/// # Errors
/// [`StorageError::NotFound`], or another if the database fails.
pub fn update(connection: &mut Connection, id: BatchId, batch: &Batch, now: DateTime<Utc>) -> Result<(), StorageError> {
    let values = (
        dsl::active.eq(batch.is_active()),
        dsl::document.eq(convert::json("batch", batch)?),
        dsl::updated_at.eq(convert::time(now)),
    );
    match diesel::update(dsl::batches.filter(dsl::id.eq(id.to_string()))).set(values).execute(connection)? {
        0 => Err(StorageError::NotFound),
        _ => Ok(()),
    }
}

fn record((id, document, created_at, updated_at): Row) -> Result<BatchRecord, StorageError> {
    Ok(BatchRecord {
        id: convert::parsed("batch", &id)?,
        batch: convert::from_json("batch", &document)?,
        created_at: convert::utc(created_at),
        updated_at: convert::utc(updated_at),
    })
}
