//! The queue: which job starts, what becomes of a job whose actor has ended.

use super::{
    actor::{JobActor, JobDeps},
    commit::{Details, problem, step},
    create, image,
    live::LiveJob,
};
use crate::{
    domain::{
        drive::JobEnd,
        event::{Level, NewEvent},
        ids::JobId,
        job::{JobEvent, JobState, PauseReason},
        plan::Plan,
        scheduling::{Candidate, WaitReason, schedule},
    },
    drives::{DriveCommand, DriveSnapshot},
    error::{Code, Problem},
    storage::{self, jobs::JobRecord},
    supervision::{ChildRef, ChildSpec, Exit, Restart, StartChild, Supervisor},
};
use std::{collections::BTreeMap, path::Path, sync::atomic::Ordering};

/// Room that must be free beyond what a paused job still needs, in bytes.
const SPARE_SPACE: u64 = 8 << 20;

/// One look at the queue: conditions first, then starts.
pub(super) async fn look(deps: &JobDeps, supervisor: &ChildRef<Supervisor>) -> Result<(), Problem> {
    if deps.stopping.load(Ordering::SeqCst) {
        return Ok(());
    }
    let unfinished = deps.journal.db.read(storage::jobs::unfinished).await.map_err(|error| problem(&error))?;
    for job in &unfinished {
        // Nobody runs it: its end could not be stored when it came, because the database was away.
        if is_orphan(deps, job) {
            ended(deps, job.id, &Exit::Killed).await;
        }
        if let JobState::Paused { reason } = job.state
            && deps.live.get(job.id).is_none()
            && condition_cleared(deps, job, reason).await
        {
            step(&deps.journal, job.id, JobEvent::ConditionCleared(reason), Details::default()).await?;
        }
    }
    let queued = deps.journal.db.read(storage::jobs::queued).await.map_err(|error| problem(&error))?;
    let running = deps.live.running();
    // A job whose actor still stops its worker holds its drive; it is not startable again before that.
    let unfit: BTreeMap<JobId, WaitReason> =
        queued.iter().filter_map(|job| Some((job.id, unfit(job, &deps.registry.get(job.drive_id.as_ref()?)?)?))).collect();
    let candidates: Vec<Candidate> = queued
        .iter()
        .filter(|job| deps.live.get(job.id).is_none() && !unfit.contains_key(&job.id))
        .map(|job| Candidate {
            job: job.id,
            priority: job.priority,
            position: job.position,
            drive: job.drive_id.clone(),
            disc: job.fingerprint.clone(),
        })
        .collect();
    let mut slots = deps.registry.slots();
    for drive in running.iter().filter_map(|(_, job)| job.drive.as_ref()) {
        if let Some(slot) = slots.get_mut(drive) {
            slot.free = false;
        }
    }
    let mut plan = schedule(&candidates, &slots, running.len(), deps.settings.get().max_jobs as usize);
    plan.wait.extend(unfit);
    deps.live.set_waits(plan.wait);
    for id in plan.start {
        if let Some(job) = queued.iter().find(|job| job.id == id)
            && let Err(problem) = start(deps, supervisor, job).await
        {
            tracing::warn!(job = %id, %problem, "job not started");
        }
    }
    let counts = deps.journal.db.read(storage::jobs::counts_by_status).await.map_err(|error| problem(&error))?;
    deps.metrics.jobs_now(counts.iter().map(|(status, count)| (status.as_str(), i64::try_from(*count).unwrap_or(i64::MAX))));
    deps.metrics.drives_now(deps.registry.all().iter().map(|drive| drive.drive.state.name()));
    Ok(())
}

/// Why a job cannot use the disc in its drive although the drive is free: it looks the same but is not, or nothing can be made of
/// it in this job's mode.
fn unfit(job: &JobRecord, drive: &DriveSnapshot) -> Option<WaitReason> {
    let found = drive.medium.as_ref().filter(|_| drive.drive.state.can_read())?;
    match &job.medium {
        Some(wanted) if wanted.fingerprint == found.fingerprint && !wanted.is_same_disc(found) => Some(WaitReason::WrongDisc),
        Some(_) => None,
        None => matches!(image::plan_for(job, found), Plan::Refused(_)).then_some(WaitReason::UnsuitableDisc),
    }
}

async fn condition_cleared(deps: &JobDeps, job: &JobRecord, reason: PauseReason) -> bool {
    match reason {
        PauseReason::User | PauseReason::Loss => false,
        PauseReason::NoSpace => {
            let folder = job.output_dir.clone();
            let needed = job.progress.size_total.saturating_sub(job.progress.size_processed) + SPARE_SPACE;
            let free = tokio::task::spawn_blocking(move || crate::imaging::free_space(Path::new(&folder))).await;
            matches!(free, Ok(Ok(free)) if free >= needed)
        }
        PauseReason::MediumRemoved | PauseReason::DriveWedged | PauseReason::DriveGone => {
            let slot = job.drive_id.as_ref().and_then(|id| deps.registry.slots().remove(id));
            let unfit = job.drive_id.as_ref().and_then(|id| unfit(job, &deps.registry.get(id)?));
            slot.is_some_and(|slot| slot.free && slot.disc.is_some() && slot.disc == job.fingerprint) && unfit.is_none()
        }
    }
}

/// Claims the job for this host, gives it its drive, starts its actor. Each step can fail; what was claimed goes back then.
async fn start(deps: &JobDeps, supervisor: &ChildRef<Supervisor>, job: &JobRecord) -> Result<(), Problem> {
    let drive = job.drive_id.as_ref().and_then(|id| deps.registry.get(id));
    let mut claimed = job.clone();
    if claimed.medium.is_none()
        && let Some(drive) = &drive
    {
        create::bind_medium(&mut claimed, drive)?;
    }
    let node = deps.journal.node.to_string();
    let claim = deps.journal.commit(move |tx| {
        claimed.started_at = claimed.started_at.or(Some(tx.now));
        claimed.updated_at = tx.now;
        claimed.message = None;
        claimed.error_code = None;
        storage::jobs::update(tx.conn, &claimed)?;
        if !storage::jobs::claim(tx.conn, claimed.id, &node, tx.now + chrono::Duration::minutes(2), tx.now)? {
            return Err(storage::StorageError::Conflict("claimed by another host".to_owned()));
        }
        let mut event = NewEvent::new(
            "job.started",
            Level::Info,
            format!("Job on {} began", if claimed.disk_label.is_empty() { &claimed.device } else { &claimed.disk_label }),
        )
        .job(claimed.id);
        event.drive_id.clone_from(&claimed.drive_id);
        tx.event(&event)?;
        Ok(())
    });
    claim.await.map_err(|error| problem(&error))?;
    if let Some(drive) = &drive
        && let Err(refused) = deps.registry.send(&drive.id, DriveCommand::JobStarted(job.id)).await
    {
        step(&deps.journal, job.id, JobEvent::Stopped, Details { message: Some(refused.detail.clone()), ..Details::default() })
            .await?;
        return Err(refused);
    }
    let actor = ChildRef::new(format!("job:{}", job.id));
    deps.live.insert(
        job.id,
        LiveJob { drive: job.drive_id.clone(), progress: job.progress, worker: None, wedged: false, actor: actor.clone() },
    );
    let (job_deps, id, address) = (deps.clone(), job.id, drive.map(|drive| drive.address));
    let child = ChildSpec::actor(&actor, Restart::Temporary, move || JobActor::new(job_deps.clone(), id, address.clone()));
    match supervisor.send(StartChild(child)).await {
        Ok(Ok(())) => Ok(()),
        // It died before it had started; the supervisor says so in a ChildEvent as well.
        Ok(Err(error)) => Err(Problem::new(Code::Internal, error.to_string())),
        Err(error) => {
            ended(deps, id, &Exit::Failed(error.to_string())).await;
            Err(Problem::new(Code::Unavailable, error.to_string()))
        }
    }
}

/// A job's actor is gone, and its worker with it: settle the job if it did not do so itself, and release its drive.
pub(super) async fn ended(deps: &JobDeps, id: JobId, exit: &Exit) {
    let known = deps.journal.db.read(move |conn| storage::jobs::get(conn, id)).await;
    let mut job = match known {
        Ok(job) => job,
        Err(error) => {
            tracing::warn!(job = %id, %error, "a job that ended is not in the database");
            deps.live.remove(id);
            return;
        }
    };
    // When the service stops, a job stays running in the database and is recovered at the next start.
    if matches!(job.state, JobState::Running { .. }) && !deps.stopping.load(Ordering::SeqCst) {
        let message = format!("its actor {exit}; it goes on from what is on disk");
        match step(
            &deps.journal,
            id,
            JobEvent::Crashed,
            Details { message: Some(message), error_code: Some(Code::WorkerCrashed), ..Details::default() },
        )
        .await
        {
            Ok(stored) => job = stored.job,
            Err(problem) => tracing::error!(job = %id, %problem, "a crashed job could not be settled"),
        }
    }
    // The drive that it had: a person may have given it another one since its end.
    let held = deps.live.get(id).and_then(|live| live.drive);
    if let Some(drive) = held.as_ref().or(job.drive_id.as_ref()) {
        let command = if deps.live.get(id).is_some_and(|live| live.wedged) {
            DriveCommand::Wedged
        } else {
            DriveCommand::JobEnded(id, job_end(&job))
        };
        if let Err(problem) = deps.registry.send(drive, command).await {
            tracing::warn!(job = %id, %problem, "the drive did not hear that its job ended");
        }
    }
    deps.live.remove(id);
    if job.state.is_terminal() {
        deps.live.forget(id);
    }
}

/// What a job's state means for its drive.
fn job_end(job: &JobRecord) -> JobEnd {
    match job.state {
        JobState::Completed { verdict } => match image::options(job).eject {
            Some(eject) => JobEnd::DoneThen { verdict, eject },
            None => JobEnd::Done(verdict),
        },
        JobState::Paused { reason: PauseReason::MediumRemoved | PauseReason::DriveGone } => JobEnd::MediumLost,
        _ => JobEnd::Stopped,
    }
}

/// Settles jobs that the database calls running and that nobody runs.
pub(super) async fn reap(deps: &JobDeps) -> Result<(), Problem> {
    let unfinished = deps.journal.db.read(storage::jobs::unfinished).await.map_err(|error| problem(&error))?;
    let alive = |id: JobId| deps.live.get(id).is_some_and(|job| job.actor.addr().is_some());
    for (id, _) in deps.live.running() {
        if !alive(id) {
            ended(deps, id, &Exit::Killed).await;
        }
    }
    for job in unfinished.iter().filter(|job| is_orphan(deps, job)) {
        ended(deps, job.id, &Exit::Killed).await;
    }
    Ok(())
}

/// Whether this host claimed the job and has no actor for it.
fn is_orphan(deps: &JobDeps, job: &JobRecord) -> bool {
    let ours = job.lease_owner.as_deref().is_none_or(|owner| owner == &*deps.journal.node);
    ours && matches!(job.state, JobState::Running { .. }) && deps.live.get(job.id).is_none()
}
