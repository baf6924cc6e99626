//! The actor that owns the queue.

use super::{
    actor::{JobActor, JobDeps, JobSignal},
    commit::{Details, Stored, problem, step},
    create,
    live::{LiveJob, LiveJobs},
    messages::{CreateJob, JobAction, JobChange, JobCommand, VerifyIso},
    names,
};
use crate::{
    bus::Broadcast,
    domain::{
        drive::JobEnd,
        event::{Level, NewEvent},
        ids::JobId,
        job::{JobEvent, JobState, PauseReason},
        scheduling::{Candidate, schedule},
    },
    drives::DriveCommand,
    error::{Code, Problem},
    imaging::ImagePaths,
    storage::{self, jobs::JobRecord},
    supervision::{
        ChildChange, ChildEvent, ChildRef, ChildSpec, Exit, Restart, StartChild, Subscribe, SupervisedActor, Supervisor, fail,
    },
};
use actix::prelude::*;
use std::{path::Path, sync::atomic::Ordering, time::Duration};
use tokio_stream::wrappers::BroadcastStream;

/// How often waiting conditions are looked at even if no event came.
const TICK: Duration = Duration::from_secs(3);
/// Room that must be free beyond what a paused job still needs, in bytes.
const SPARE_SPACE: u64 = 8 << 20;

/// The dispatcher.
pub struct Dispatcher {
    deps: JobDeps,
    supervisor: ChildRef<Supervisor>,
    /// A look at the queue is under way.
    looking: bool,
    /// Something happened meanwhile: look again.
    again: bool,
}

impl Dispatcher {
    /// A dispatcher whose jobs become children of `supervisor`.
    pub fn new(deps: JobDeps, supervisor: ChildRef<Supervisor>) -> Self {
        Self { deps, supervisor, looking: false, again: false }
    }

    /// Looks at the queue, one look at a time.
    fn look(&mut self, ctx: &mut Context<Self>) {
        if self.looking {
            self.again = true;
            return;
        }
        self.looking = true;
        let (deps, supervisor) = (self.deps.clone(), self.supervisor.clone());
        let work = async move { look(&deps, &supervisor).await };
        ctx.spawn(work.into_actor(self).map(|result, actor, ctx| {
            actor.looking = false;
            if let Err(problem) = result {
                tracing::error!(%problem, "the queue could not be looked at");
            }
            if std::mem::take(&mut actor.again) {
                actor.look(ctx);
            }
        }));
    }
}

impl Actor for Dispatcher {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let Some(supervisor) = self.supervisor.addr() else { return fail(ctx, "the supervisor of jobs is gone") };
        supervisor.do_send(Subscribe(ctx.address().recipient()));
        ctx.add_stream(BroadcastStream::new(self.deps.journal.bus.subscribe()));
        ctx.run_interval(TICK, Self::look);
        // Jobs whose actor died while no dispatcher was there to hear of it.
        let deps = self.deps.clone();
        ctx.wait(async move { reap(&deps).await }.into_actor(self).map(|result, actor, ctx| match result {
            Ok(()) => actor.look(ctx),
            Err(problem) => fail(ctx, problem.to_string()),
        }));
    }
}

impl SupervisedActor for Dispatcher {}

impl StreamHandler<Result<Broadcast, tokio_stream::wrappers::errors::BroadcastStreamRecvError>> for Dispatcher {
    /// Whatever happened to a drive or a job may let another one start; being behind means the same.
    fn handle(
        &mut self,
        item: Result<Broadcast, tokio_stream::wrappers::errors::BroadcastStreamRecvError>,
        ctx: &mut Self::Context,
    ) {
        let relevant = match item {
            Ok(Broadcast::Event(event)) => {
                ["drive.", "job.", "config."].iter().any(|kind| event.event.kind.starts_with(kind))
                    && event.event.kind != "job.phase"
            }
            Ok(Broadcast::Progress(..) | Broadcast::Shutdown) => false,
            Err(_) => true,
        };
        if relevant {
            self.look(ctx);
        }
    }
}

impl Handler<ChildEvent> for Dispatcher {
    type Result = ();

    fn handle(&mut self, event: ChildEvent, ctx: &mut Self::Context) {
        let Some(id) = event.child.strip_prefix("job:").and_then(|id| id.parse::<JobId>().ok()) else { return };
        let ChildChange::Down(exit) = event.change else { return };
        let deps = self.deps.clone();
        ctx.spawn(async move { ended(&deps, id, &exit).await }.into_actor(self).map(|(), actor, ctx| actor.look(ctx)));
    }
}

impl Handler<CreateJob> for Dispatcher {
    type Result = ResponseActFuture<Self, Result<JobRecord, Problem>>;

    fn handle(&mut self, request: CreateJob, _: &mut Self::Context) -> Self::Result {
        let deps = self.deps.clone();
        let create = async move { create::image_job(&deps.journal, &deps.registry, &deps.roots, &request).await };
        Box::pin(create.into_actor(self).map(|result, actor, ctx| {
            actor.look(ctx);
            result
        }))
    }
}

impl Handler<VerifyIso> for Dispatcher {
    type Result = ResponseActFuture<Self, Result<JobRecord, Problem>>;

    fn handle(&mut self, request: VerifyIso, _: &mut Self::Context) -> Self::Result {
        let journal = self.deps.journal.clone();
        Box::pin(async move { create::verify_job(&journal, request).await }.into_actor(self).map(|result, actor, ctx| {
            actor.look(ctx);
            result
        }))
    }
}

impl Handler<JobCommand> for Dispatcher {
    type Result = ResponseActFuture<Self, Result<JobRecord, Problem>>;

    fn handle(&mut self, command: JobCommand, _: &mut Self::Context) -> Self::Result {
        let deps = self.deps.clone();
        Box::pin(async move { obey(&deps, command).await }.into_actor(self).map(|result, actor, ctx| {
            actor.look(ctx);
            result
        }))
    }
}

/// Carries out what a person wants of a job: through its actor if it has one, in the database otherwise.
async fn obey(deps: &JobDeps, JobCommand { id, action }: JobCommand) -> Result<JobRecord, Problem> {
    let event = match action {
        JobAction::Pause => JobEvent::PauseRequested,
        JobAction::Resume => JobEvent::ResumeRequested,
        JobAction::Cancel => JobEvent::CancelRequested,
        JobAction::Retry => JobEvent::RetryRequested,
        JobAction::Delete => return delete(deps, id).await,
        JobAction::Change(change) => return apply_change(deps, id, change).await,
    };
    let Stored { job, effects } = step(&deps.journal, id, event, Details::default()).await?;
    if let Some(live) = deps.live.get(id) {
        // The state is stored; an actor that just died has no worker to stop any more.
        let _ = live.actor.tell(JobSignal { state: job.state, effects });
    }
    if job.state.is_terminal() {
        deps.metrics.job_ended(job.kind.as_str(), "cancelled", None);
    }
    Ok(job)
}

async fn delete(deps: &JobDeps, id: JobId) -> Result<JobRecord, Problem> {
    let job = deps.journal.db.read(move |conn| storage::jobs::get(conn, id)).await.map_err(|error| problem(&error))?;
    if !job.state.is_terminal() {
        return Box::pin(obey(deps, JobCommand { id, action: JobAction::Cancel })).await;
    }
    if deps.live.get(id).is_some() {
        return Err(Problem::new(
            Code::JobActive,
            "the job's reading process is still being stopped; try again in a few seconds",
        ));
    }
    let catalogued =
        deps.journal.db.read(move |conn| storage::isos::by_job(conn, id)).await.map_err(|error| problem(&error))?.is_some();
    if let (false, Some(path)) = (catalogued, job.output_path.clone()) {
        // Only what was never finished: a finished image belongs to the catalogue.
        let paths = ImagePaths::new(Path::new(&path));
        let removal =
            tokio::task::spawn_blocking(move || [paths.part, paths.map].iter().for_each(|file| drop(std::fs::remove_file(file))));
        removal.await.map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    }
    let forget = deps.journal.commit(move |tx| {
        storage::jobs::delete(tx.conn, id)?;
        tx.event(
            &NewEvent::new("job.deleted", Level::Info, format!("Job {id} was deleted")).payload(serde_json::json!({ "job": id })),
        )?;
        Ok(())
    });
    forget.await.map_err(|error| problem(&error))?;
    Ok(job)
}

async fn apply_change(deps: &JobDeps, id: JobId, change: JobChange) -> Result<JobRecord, Problem> {
    if let Some(priority) = change.priority {
        create::check_priority(priority)?;
    }
    let name = change.filename.as_deref().map(names::wished_name).transpose()?;
    let store = deps.journal.commit(move |tx| {
        let mut job = storage::jobs::get(tx.conn, id)?;
        if job.state.is_terminal() {
            return Ok(Err(Problem::new(Code::JobFinished, format!("Job {id} is {}", job.state.status()))));
        }
        let begun = job.output_path.is_some() || matches!(job.state, JobState::Running { .. });
        if begun && (name.is_some() || change.options.is_some()) {
            return Ok(Err(Problem::new(Code::Conflict, "the job has begun to write; only its priority can be changed now")));
        }
        job.priority = change.priority.unwrap_or(job.priority);
        job.requested_name = name.or(job.requested_name);
        if let Some(options) = change.options {
            job.options = serde_json::json!({ "verify": options.verify, "retries": options.retries.unwrap_or(1) });
        }
        job.updated_at = tx.now;
        storage::jobs::update(tx.conn, &job)?;
        tx.event(
            &NewEvent::new("job.changed", Level::Info, format!("Job {id} was changed"))
                .job(id)
                .payload(serde_json::json!({ "priority": job.priority })),
        )?;
        Ok(Ok(storage::jobs::get(tx.conn, id)?))
    });
    store.await.map_err(|error| problem(&error))?
}

/// One look at the queue: conditions first, then starts.
async fn look(deps: &JobDeps, supervisor: &ChildRef<Supervisor>) -> Result<(), Problem> {
    if deps.stopping.load(Ordering::SeqCst) {
        return Ok(());
    }
    let unfinished = deps.journal.db.read(storage::jobs::unfinished).await.map_err(|error| problem(&error))?;
    for job in &unfinished {
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
    let candidates: Vec<Candidate> = queued
        .iter()
        .filter(|job| deps.live.get(job.id).is_none())
        .map(|job| Candidate { job: job.id, priority: job.priority, drive: job.drive_id.clone(), disc: job.fingerprint.clone() })
        .collect();
    let mut slots = deps.registry.slots();
    for drive in running.iter().filter_map(|(_, job)| job.drive.as_ref()) {
        if let Some(slot) = slots.get_mut(drive) {
            slot.free = false;
        }
    }
    let plan = schedule(&candidates, &slots, running.len(), deps.settings.get().max_jobs as usize);
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

async fn condition_cleared(deps: &JobDeps, job: &JobRecord, reason: PauseReason) -> bool {
    match reason {
        PauseReason::User => false,
        PauseReason::NoSpace => {
            let folder = job.output_dir.clone();
            let needed = job.progress.size_total.saturating_sub(job.progress.size_processed) + SPARE_SPACE;
            let free = tokio::task::spawn_blocking(move || crate::imaging::free_space(Path::new(&folder))).await;
            matches!(free, Ok(Ok(free)) if free >= needed)
        }
        PauseReason::MediumRemoved | PauseReason::DriveWedged | PauseReason::DriveGone => {
            let slot = job.drive_id.as_ref().and_then(|id| deps.registry.slots().remove(id));
            slot.is_some_and(|slot| slot.free && slot.disc.is_some() && slot.disc == job.fingerprint)
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
    deps.live.insert(job.id, LiveJob { drive: job.drive_id.clone(), progress: job.progress, actor: actor.clone() });
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
async fn ended(deps: &JobDeps, id: JobId, exit: &Exit) {
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
    if let Some(drive) = &job.drive_id {
        let end = match job.state {
            JobState::Completed { verdict } => JobEnd::Done(verdict),
            _ => JobEnd::Stopped,
        };
        if let Err(problem) = deps.registry.send(drive, DriveCommand::JobEnded(id, end)).await {
            tracing::warn!(job = %id, %problem, "the drive did not hear that its job ended");
        }
    }
    deps.live.remove(id);
    if job.state.is_terminal() {
        deps.live.forget(id);
    }
}

/// Settles jobs that the database calls running and that nobody runs.
async fn reap(deps: &JobDeps) -> Result<(), Problem> {
    let unfinished = deps.journal.db.read(storage::jobs::unfinished).await.map_err(|error| problem(&error))?;
    let alive = |id: JobId| deps.live.get(id).is_some_and(|job| job.actor.addr().is_some());
    for (id, _) in deps.live.running() {
        if !alive(id) {
            ended(deps, id, &Exit::Killed).await;
        }
    }
    for job in unfinished {
        let ours = job.lease_owner.as_deref().is_none_or(|owner| owner == &*deps.journal.node);
        if matches!(job.state, JobState::Running { .. }) && ours && !alive(job.id) {
            ended(deps, job.id, &Exit::Killed).await;
        }
    }
    Ok(())
}

impl LiveJobs {
    /// Whether any job has an actor; the service waits for them when it stops.
    pub fn is_empty(&self) -> bool {
        self.running().is_empty()
    }
}
