//! The actor of one running job: it owns the job's worker process and turns what that says into steps of the job.

use super::{
    commit::{self, Details, step},
    image,
    live::LiveJobs,
    verify::{self, Stored},
};
use crate::{
    bus::Journal,
    catalog::Catalog,
    domain::{
        event::{Level, NewEvent},
        ids::JobId,
        job::{JobEffect, JobEvent, JobState, Phase},
        progress::Progress,
    },
    drives::{DriveRegistry, LiveSettings},
    error::{Class, Code, Problem},
    imaging::{
        WorkerMessage, WorkerProgress, WorkerTask,
        process::{self, WorkerEvent, WorkerHandle, WorkerProgram},
        watchdog::{Pressure, WatchdogAction, WatchdogLimits, watch},
    },
    optical::DeviceAddress,
    storage::{
        self, Connection,
        jobs::{JobKind, JobRecord},
    },
    supervision::{ChildRef, SupervisedActor},
    telemetry::Metrics,
};
use actix::prelude::*;
use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

/// What jobs need of the rest of the service.
#[derive(Clone)]
pub struct JobDeps {
    /// For state and events.
    pub journal: Journal,
    /// The drives.
    pub registry: DriveRegistry,
    /// Live numbers.
    pub live: LiveJobs,
    /// The catalogue.
    pub catalog: ChildRef<Catalog>,
    /// Settings as they are now.
    pub settings: LiveSettings,
    /// Numbers for Prometheus.
    pub metrics: Metrics,
    /// Folders that jobs may write to; the first is the default.
    pub roots: Vec<PathBuf>,
    /// Patience with a silent worker.
    pub patience: WatchdogLimits,
    /// Set when the service stops: nothing is started any more.
    pub stopping: Arc<AtomicBool>,
    /// What is started as a worker.
    pub worker: WorkerProgram,
}

/// Progress is stored so often; a crash loses no more of what people see. What is really read is in the sector map.
const STORE_PROGRESS: Duration = Duration::from_secs(5);
/// Unreadable ranges that become events of their own; a rotten disc has thousands, and the map has them all.
const MAX_BAD_EVENTS: u32 = 100;

/// The actor.
pub struct JobActor {
    pub(super) deps: JobDeps,
    id: JobId,
    address: Option<DeviceAddress>,
    pub(super) job: Option<JobRecord>,
    worker: Option<WorkerHandle>,
    progress: Progress,
    stored_at: Instant,
    life_sign: Instant,
    pressure: Pressure,
    /// The worker's last word; acted upon at once, so that its exit only ends this actor.
    heard_done: bool,
    /// The watchdog, and not a person, made the worker stop.
    pub(super) watchdog_fired: bool,
    /// SIGKILL was needed: whatever the job's end is, the drive has to be asked whether it still answers.
    killed: bool,
    /// The job is settled; only the worker's end is waited for.
    settled: bool,
    phase: Phase,
    /// This worker got further than any before it.
    moved_on: bool,
    bad_events: u32,
    bytes_seen: u64,
    /// Files of an image that are still to be compared, the one under way first.
    pub(super) files: VecDeque<Stored>,
    /// Bytes of files that were compared.
    pub(super) compared: u64,
    /// What begins when the worker under way has ended.
    pub(super) next: Option<WorkerTask>,
}

/// Told by the dispatcher after a person's wish was stored.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct JobSignal {
    /// The job's state now.
    pub state: JobState,
    /// What to do.
    pub effects: Vec<JobEffect>,
}

impl JobActor {
    /// The actor for a claimed job; the job itself is read from the database when it starts.
    pub fn new(deps: JobDeps, id: JobId, address: Option<DeviceAddress>) -> Self {
        let now = Instant::now();
        Self {
            deps,
            id,
            address,
            job: None,
            worker: None,
            progress: Progress::default(),
            stored_at: now,
            life_sign: now,
            pressure: Pressure::None,
            heard_done: false,
            watchdog_fired: false,
            killed: false,
            settled: false,
            phase: Phase::Analyzing,
            moved_on: false,
            bad_events: 0,
            bytes_seen: 0,
            files: VecDeque::new(),
            compared: 0,
            next: None,
        }
    }

    pub(super) fn id(&self) -> JobId {
        self.id
    }

    fn begin(&mut self, prepared: Result<Option<Prepared>, Problem>, ctx: &mut Context<Self>) {
        let Prepared { job, task, files } = match prepared {
            Ok(Some(prepared)) => prepared,
            // Cancelled or paused between claim and start.
            Ok(None) => return ctx.stop(),
            Err(problem) => return self.settle(went_wrong(&problem), failure(&problem), ctx),
        };
        self.progress = job.progress;
        self.bytes_seen = job.progress.size_processed;
        self.job = Some(job);
        self.files = files.into();
        self.start_worker(&task, ctx);
    }

    fn start_worker(&mut self, task: &WorkerTask, ctx: &mut Context<Self>) {
        self.heard_done = false;
        match process::start(&self.deps.worker, task) {
            Ok((handle, events)) => {
                tracing::info!(job = %self.id, worker = handle.id(), "worker started");
                self.deps.live.set_worker(self.id, handle.id());
                self.worker = Some(handle);
                self.life_sign = Instant::now();
                ctx.add_stream(events);
                self.check_wishes(ctx);
            }
            Err(error) => self.settle(
                JobEvent::Errored,
                failure(&Problem::new(Code::Internal, format!("the worker could not be started: {error}"))),
                ctx,
            ),
        }
    }

    /// A wish may have been stored while this actor was not reachable yet.
    fn check_wishes(&mut self, ctx: &mut Context<Self>) {
        let id = self.id;
        let db = self.deps.journal.db.clone();
        let read = async move { db.read(move |conn| storage::jobs::get(conn, id)).await };
        ctx.spawn(read.into_actor(self).map(|job, actor, _| {
            let wanted = job.is_ok_and(|job| matches!(job.state, JobState::Running { stopping: None, .. }));
            if !wanted {
                actor.stop_worker();
            }
        }));
    }

    fn stop_worker(&mut self) {
        if let Some(worker) = &self.worker
            && self.pressure == Pressure::None
        {
            worker.stop();
            self.pressure = Pressure::Terminated;
            // As if it had been silent for long: the watchdog goes on from SIGTERM.
            let patience = self.deps.patience.silent;
            self.life_sign = Instant::now().checked_sub(patience).unwrap_or_else(Instant::now);
        }
    }

    /// Stores how the job goes on, releases nothing: the dispatcher does when this actor has ended.
    pub(super) fn settle(&mut self, event: JobEvent, mut details: Details, ctx: &mut Context<Self>) {
        if self.settled {
            return;
        }
        self.settled = true;
        details.progress.get_or_insert(self.progress);
        details.moved_on = self.moved_on;
        let (journal, id) = (self.deps.journal.clone(), self.id);
        let store = async move { step(&journal, id, event, details).await };
        ctx.wait(store.into_actor(self).map(move |stored, actor, ctx| actor.after_settling(stored, ctx)));
    }

    fn after_settling(&mut self, stored: Result<commit::Stored, Problem>, ctx: &mut Context<Self>) {
        match stored {
            Ok(commit::Stored { job, .. }) => {
                let seconds = job.started_at.map(|start| (self.deps.journal.clock.now() - start).as_seconds_f64());
                match job.state {
                    JobState::Completed { verdict } if verdict.is_good() && job.kind == JobKind::Image => {
                        drop(tokio::task::spawn_blocking(move || image::discard_map(&job)));
                        self.deps.metrics.job_ended(JobKind::Image.as_str(), verdict.as_str(), seconds);
                    }
                    JobState::Completed { verdict } => self.deps.metrics.job_ended(job.kind.as_str(), verdict.as_str(), seconds),
                    JobState::Failed => self.deps.metrics.job_ended(job.kind.as_str(), "failed", seconds),
                    _ => {}
                }
            }
            // Cancelled meanwhile: that is settled already.
            Err(problem) if problem.code == Code::JobNotRunning => tracing::debug!(job = %self.id, %problem, "nothing to settle"),
            Err(problem) => {
                tracing::error!(job = %self.id, %problem, "the job's end could not be stored; it is recovered by the dispatcher")
            }
        }
        if self.worker.is_none() {
            ctx.stop();
        } else if !self.heard_done {
            self.stop_worker();
        }
    }

    fn on_message(&mut self, message: WorkerMessage, ctx: &mut Context<Self>) {
        match message {
            WorkerMessage::Hello { .. } => {}
            WorkerMessage::Phase { phase } => {
                self.phase = phase;
                let (journal, id) = (self.deps.journal.clone(), self.id);
                let store = async move { step(&journal, id, JobEvent::PhaseEntered(phase), Details::default()).await };
                ctx.wait(store.into_actor(self).map(|stored, actor, _| {
                    if let Err(problem) = stored {
                        tracing::debug!(job = %actor.id, %problem, "phase not stored");
                    }
                }));
            }
            WorkerMessage::Progress(progress) => self.on_progress(&progress, ctx),
            WorkerMessage::BadRange { start, count, sense } => {
                self.deps.metrics.bad_sectors(count);
                self.bad_events += 1;
                if self.bad_events <= MAX_BAD_EVENTS {
                    let why = sense.map(|sense| format!(" (sense {sense})")).unwrap_or_default();
                    let event = NewEvent::new(
                        "job.bad_range",
                        Level::Warning,
                        format!("{count} sectors from {start} could not be read{why}"),
                    )
                    .job(self.id)
                    .payload(serde_json::json!({ "start": start, "count": count, "sense": sense.map(|s| s.to_string()) }));
                    let journal = self.deps.journal.clone();
                    ctx.spawn(async move { drop(journal.commit(move |tx| tx.event(&event)).await) }.into_actor(self));
                }
            }
            WorkerMessage::Done(outcome) => {
                self.heard_done = true;
                self.on_done(outcome, ctx);
            }
        }
    }

    fn on_progress(&mut self, now: &WorkerProgress, ctx: &mut Context<Self>) {
        self.progress = Progress {
            size_total: now.size_total,
            size_processed: self.compared.saturating_add(now.size_processed),
            speed: now.speed,
            error_count: now.bad_sectors,
        };
        if let Some(job) = self.job.as_ref().filter(|job| job.kind == JobKind::Verify) {
            // The worker knows one file, the job is about all of them.
            self.progress.size_total = job.progress.size_total.max(self.progress.size_processed);
        }
        self.deps.metrics.bytes_read(now.size_processed.saturating_sub(self.bytes_seen));
        self.bytes_seen = now.size_processed;
        self.deps.live.set_progress(self.id, self.progress, self.deps.journal.clock.now());
        if matches!(self.phase, Phase::Reading | Phase::Rescuing) {
            self.moved_on |= self.deps.live.reached(self.id, now.size_processed);
        }
        self.deps.journal.bus.progress(self.id, self.progress);
        if self.stored_at.elapsed() >= STORE_PROGRESS {
            self.stored_at = Instant::now();
            let (id, progress, at) = (self.id, self.progress, self.deps.journal.clock.now());
            let Journal { db, node, .. } = self.deps.journal.clone();
            let store = move |conn: &mut Connection| {
                storage::jobs::set_progress(conn, id, &progress, at)?;
                storage::jobs::renew_lease(conn, id, &node, at + chrono::Duration::minutes(2))
            };
            ctx.spawn(async move { drop(db.write(store).await) }.into_actor(self));
        }
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        let Some(worker) = &self.worker else { return };
        let action = watch(self.life_sign.elapsed(), self.pressure, &self.deps.patience);
        match action {
            WatchdogAction::Nothing => return,
            WatchdogAction::Terminate => {
                tracing::warn!(job = %self.id, "the worker is silent; asking it to stop");
                self.watchdog_fired = true;
                worker.stop();
            }
            WatchdogAction::Kill => {
                self.killed = true;
                worker.kill();
            }
            WatchdogAction::Abandon => {
                tracing::error!(job = %self.id, worker = worker.id(), "the worker cannot be killed: it hangs in the kernel");
                self.worker = None;
                if self.settled {
                    self.deps.live.set_wedged(self.id);
                    ctx.stop();
                } else {
                    self.wedged(ctx);
                }
            }
        }
        self.pressure = action.pressure(self.pressure);
    }
}

/// What may work in a moment is tried again; the rest is over.
pub(super) fn went_wrong(problem: &Problem) -> JobEvent {
    if problem.code.class() == Class::Transient { JobEvent::Crashed } else { JobEvent::Errored }
}

/// Details of a job that went wrong.
pub(super) fn failure(problem: &Problem) -> Details {
    Details { message: Some(problem.detail.clone()), error_code: Some(problem.code), ..Details::default() }
}

/// A job that can begin.
struct Prepared {
    job: JobRecord,
    task: WorkerTask,
    /// For a comparison: all files, the task's first.
    files: Vec<Stored>,
}

/// Reads the job and prepares what its kind needs; `None` if nobody wants it to run any more.
async fn prepare(deps: JobDeps, id: JobId, address: Option<DeviceAddress>) -> Result<Option<Prepared>, Problem> {
    let job =
        deps.journal.db.read(move |conn| storage::jobs::get(conn, id)).await.map_err(|error| super::commit::problem(&error))?;
    if !matches!(job.state, JobState::Running { stopping: None, .. }) {
        return Ok(None);
    }
    match job.kind {
        JobKind::Image | JobKind::Scan => {
            let job = image::reserve_path(&deps.journal, &job).await?;
            image::reopen(&deps.journal, &job).await?;
            let address = address.ok_or_else(|| Problem::new(Code::DriveGone, "the job's drive is not connected"))?;
            let task = image::task(&job, address)?;
            Ok(Some(Prepared { job, task, files: Vec::new() }))
        }
        JobKind::Verify => {
            let (iso, files) = verify::image(&deps.journal, &job).await?;
            let nothing = || Problem::new(Code::FileMissing, format!("{} has no file to compare", iso.filename));
            let task = files.first().map(Stored::task).ok_or_else(nothing)?;
            Ok(Some(Prepared { job, task, files }))
        }
    }
}

impl Actor for JobActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let prepare = prepare(self.deps.clone(), self.id, self.address.clone());
        ctx.wait(prepare.into_actor(self).map(|prepared, actor, ctx| actor.begin(prepared, ctx)));
        ctx.run_interval(Duration::from_millis(250), Self::tick);
    }
}

impl SupervisedActor for JobActor {
    /// The service stops: the worker makes durable what it has; the job stays `running` in the database and is recovered.
    fn shutdown(&mut self, ctx: &mut Context<Self>) {
        self.settled = true;
        if self.worker.is_none() {
            return ctx.stop();
        }
        self.stop_worker();
    }
}

impl StreamHandler<WorkerEvent> for JobActor {
    fn handle(&mut self, event: WorkerEvent, ctx: &mut Self::Context) {
        if self.pressure == Pressure::None {
            self.life_sign = Instant::now();
        }
        match event {
            WorkerEvent::Message(message) if self.settled => drop(message),
            WorkerEvent::Message(message) => self.on_message(message, ctx),
            WorkerEvent::Log(line) => tracing::info!(job = %self.id, line, "worker"),
            WorkerEvent::Exited { code, signal } => {
                self.worker = None;
                if self.settled {
                    if self.killed {
                        self.deps.live.set_wedged(self.id);
                    }
                    ctx.stop();
                } else if self.watchdog_fired {
                    self.wedged(ctx);
                } else if let Some(task) = self.next.take() {
                    self.start_worker(&task, ctx);
                } else {
                    let message = format!(
                        "the reading process ended without a result (code {code:?}, signal {signal:?}); it goes on from what is on disk"
                    );
                    self.settle(
                        JobEvent::Crashed,
                        Details { message: Some(message), error_code: Some(Code::WorkerCrashed), ..Details::default() },
                        ctx,
                    );
                }
            }
        }
    }

    /// The default would stop this actor at once, even while it still stores how the job ended.
    fn finished(&mut self, _: &mut Self::Context) {}
}

impl Handler<JobSignal> for JobActor {
    type Result = ();

    fn handle(&mut self, signal: JobSignal, _: &mut Self::Context) {
        if signal.state.is_terminal() {
            self.settled = true;
        }
        if signal.effects.contains(&JobEffect::StopWorker) {
            self.stop_worker();
        }
    }
}
