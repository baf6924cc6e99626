//! What happens to a job while it runs: claim, lease, progress. Each is one conditional update, so that several nodes may share
//! a database.

use super::row::{Lease, ProgressRow};
use crate::{
    domain::{
        ids::JobId,
        job::{JobState, Phase},
        progress::Progress,
    },
    storage::{Connection, StorageError, convert, schema::jobs::dsl},
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// Takes a queued job for `owner` until `until`: from `queued` to `running`/`analyzing`. False if it is not queued any more.
/// Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn claim(
    connection: &mut Connection,
    id: JobId,
    owner: &str,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, StorageError> {
    let state = JobState::Running { phase: Phase::Analyzing, stopping: None };
    let fields = convert::fields("job state", &state)?;
    let (id, now) = (id.to_string(), convert::time(now));
    let claimed = diesel::update(dsl::jobs.filter(dsl::id.eq(&id)).filter(dsl::status.eq(JobState::Queued.status())))
        .set((
            dsl::status.eq(state.status()),
            dsl::phase.eq(convert::field(&fields, "phase")),
            Lease::new(Some(owner), Some(convert::time(until))),
            dsl::updated_at.eq(now),
            dsl::revision.eq(dsl::revision + 1),
        ))
        .execute(connection)?;
    if claimed == 1 {
        let first_start = dsl::jobs.filter(dsl::id.eq(&id)).filter(dsl::started_at.is_null());
        diesel::update(first_start).set(dsl::started_at.eq(now)).execute(connection)?;
    }
    Ok(claimed == 1)
}

/// Extends a lease. False if `owner` does not have it (any more): then it must stop working on that job.
/// Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn renew_lease(connection: &mut Connection, id: JobId, owner: &str, until: DateTime<Utc>) -> Result<bool, StorageError> {
    let mine = dsl::jobs
        .filter(dsl::id.eq(id.to_string()))
        .filter(dsl::status.eq("running"))
        .filter(dsl::lease_owner.eq(convert::text(owner)));
    Ok(diesel::update(mine).set(dsl::lease_until.eq(convert::time(until))).execute(connection)? == 1)
}

/// Stores the numbers of a running job, without a new revision. False if it does not run (any more); nothing changes then.
/// Inside [`crate::storage::Db::write`].
///
/// # Errors
/// [`StorageError`] if the database fails.
pub fn set_progress(
    connection: &mut Connection,
    id: JobId,
    progress: &Progress,
    now: DateTime<Utc>,
) -> Result<bool, StorageError> {
    let running = dsl::jobs.filter(dsl::id.eq(id.to_string())).filter(dsl::status.eq("running"));
    Ok(diesel::update(running).set(ProgressRow::new(progress, convert::time(now))?).execute(connection)? == 1)
}
