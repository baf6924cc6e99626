//! Deleting jobs, and taking that back.
//!
//! A deleted job is in no list any more, but its record and its unfinished files stay for [`KEEP`]; then both are removed for good.
//! A restart in between changes nothing, because the time of deletion is stored with the job.

use super::{actor::JobDeps, commit::problem, image};
use crate::{
    domain::{
        event::{Level, NewEvent},
        ids::JobId,
    },
    error::{Code, Problem},
    imaging::ImagePaths,
    storage::{self, StorageError, jobs::JobRecord},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

/// How long a deleted job can be restored.
pub const KEEP: TimeDelta = TimeDelta::minutes(10);
/// Jobs that one look removes for good.
const BATCH: u32 = 50;

/// Deletes a job that is over; `keep` is false if it shall be gone for good at once.
pub(super) async fn delete(deps: &JobDeps, job: JobRecord, keep: bool) -> Result<JobRecord, Problem> {
    let id = job.id;
    if deps.live.get(id).is_some() {
        return Err(Problem::new(
            Code::JobActive,
            "the job's reading process is still being stopped; try again in a few seconds",
        ));
    }
    let hide = deps.journal.commit(move |tx| {
        // What is to go at once counts as deleted long ago: nothing can be restored while its files are being removed.
        let at = if keep { tx.now } else { DateTime::<Utc>::UNIX_EPOCH };
        storage::jobs::hide(tx.conn, id, at)?;
        let until = keep.then(|| tx.now + KEEP);
        let payload = json!({ "job": id, "restorable_until": until });
        tx.event(&NewEvent::new("job.deleted", Level::Info, format!("Job {id} was deleted")).payload(payload))?;
        Ok(())
    });
    hide.await.map_err(|error| problem(&error))?;
    if !keep {
        remove(deps, &job).await?;
    }
    Ok(job)
}

/// Takes a deletion back.
///
/// # Errors
/// `job_unknown` if no job of this id was deleted within [`KEEP`].
pub(super) async fn restore(deps: &JobDeps, id: JobId) -> Result<JobRecord, Problem> {
    let show = deps.journal.commit(move |tx| {
        storage::jobs::restore(tx.conn, id, tx.now - KEEP)?;
        let job = storage::jobs::get(tx.conn, id)?;
        let mut event = NewEvent::new("job.restored", Level::Info, format!("Job {id} was taken back from deletion")).job(id);
        event.drive_id.clone_from(&job.drive_id);
        tx.event(&event)?;
        Ok(job)
    });
    show.await.map_err(|error| match error {
        StorageError::NotFound => Problem::new(Code::JobUnknown, "No job of this id was deleted within the last ten minutes"),
        other => problem(&other),
    })
}

/// Removes for good what was deleted long enough ago.
pub(super) async fn purge(deps: &JobDeps) -> Result<(), Problem> {
    let until = deps.journal.clock.now() - KEEP;
    let expired = deps.journal.db.read(move |conn| storage::jobs::expired(conn, until, BATCH)).await;
    for job in expired.map_err(|error| problem(&error))? {
        remove(deps, &job).await?;
    }
    Ok(())
}

/// Files first: if the service ends in between, the record is still there and says what is left to do.
async fn remove(deps: &JobDeps, job: &JobRecord) -> Result<(), Problem> {
    let id = job.id;
    let catalogued = deps.journal.db.read(move |conn| storage::isos::by_job(conn, id)).await;
    if let (None, Some(paths)) = (catalogued.map_err(|error| problem(&error))?, image::paths(job)) {
        // Only what was never finished: a finished image belongs to the catalogue.
        let removal = tokio::task::spawn_blocking(move || remove_unfinished(&paths));
        removal.await.map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    }
    let forget = deps.journal.commit(move |tx| match storage::jobs::delete(tx.conn, id) {
        // Another look was quicker.
        Err(StorageError::NotFound) => Ok(()),
        other => other,
    });
    forget.await.map_err(|error| problem(&error))
}

/// The unfinished image of a raw CD is a folder that its worker made.
fn remove_unfinished(paths: &ImagePaths) {
    if paths.part.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
        let _ = std::fs::remove_dir_all(&paths.part);
    } else {
        let _ = std::fs::remove_file(&paths.part);
    }
    let _ = std::fs::remove_file(&paths.map);
}
