//! The actor that owns one drive.

use super::{
    auto_job::auto_job,
    device_thread::{DeviceAnswer, DeviceCommand, DeviceThread},
    messages::{DriveCommand, DriveSpec},
    record::{device_problem, news, row},
    registry::{DriveRegistry, DriveSnapshot, LiveSettings},
};
use crate::{
    bus::{Journal, Tx},
    domain::{
        disc::Medium,
        drive::{Drive, DriveEffect, DriveEvent, DriveReason, DriveState, Finding, NotIdentified},
        event::{Level, NewEvent},
        ids::JobId,
    },
    error::{Code, Problem},
    filesystems::IdentifyFailure,
    optical::{DeviceAddress, DeviceError, DeviceIdentity, DeviceStatus},
    storage::{self, StorageError},
    supervision::{SupervisedActor, fail},
};
use actix::prelude::*;
use std::{path::PathBuf, time::Duration};
use tokio::sync::oneshot;

/// What every drive's actor needs of the rest of the service.
#[derive(Clone)]
pub struct DriveDeps {
    /// For state and events.
    pub journal: Journal,
    /// Where snapshots go.
    pub registry: DriveRegistry,
    /// Settings as they are now.
    pub settings: LiveSettings,
    /// Folder for images of automatic jobs.
    pub output_dir: PathBuf,
    /// A command that takes longer means that the drive is wedged.
    pub wedged_after: Duration,
}

type Reply = oneshot::Sender<Result<(), Problem>>;

/// The actor of one drive.
pub struct DriveActor {
    deps: DriveDeps,
    spec: DriveSpec,
    identity: DeviceIdentity,
    drive: Drive,
    medium: Option<Medium>,
    device: Option<DeviceThread>,
    /// People who wait for the device, with the command they wait for.
    waiting: Vec<(DeviceCommand, Reply)>,
    /// Commands for the moment when a job that is over has released this drive.
    deferred: Vec<(DriveCommand, Reply)>,
}

/// How often a drive is asked for its status. Neither spins a disc up; a real drive is woken by udev in between.
const POLL_VIRTUAL: Duration = Duration::from_millis(500);
const POLL_REAL: Duration = Duration::from_secs(2);
/// Time that a medium in a real drive gets before it is looked at; udev sends several events meanwhile.
const SETTLE_REAL: Duration = Duration::from_millis(1500);

impl DriveActor {
    /// The actor for this drive; what it knew before is read from the database when it starts.
    pub fn new(deps: DriveDeps, spec: DriveSpec) -> Self {
        let (identity, drive) = (DeviceIdentity::default(), Drive::default());
        Self { deps, spec, identity, drive, medium: None, device: None, waiting: Vec::new(), deferred: Vec::new() }
    }

    fn is_virtual(&self) -> bool {
        matches!(self.spec.address, DeviceAddress::Virtual(_))
    }

    /// Decide, store, act; then tell whoever asked.
    fn apply(&mut self, event: DriveEvent, found: Option<Medium>, reply: Option<Reply>, ctx: &mut Context<Self>) {
        let settings = self.deps.settings.get();
        let policy = crate::domain::drive::DrivePolicy {
            auto: settings.auto,
            again: settings.again,
            eject_when_done: settings.eject_when_done,
        };
        let step = match self.drive.step(event, &policy) {
            Ok(step) => step,
            Err(denied) => {
                let code = Code::parse(&denied.to_string()).unwrap_or(Code::Conflict);
                return answer(reply, Err(Problem::new(code, format!("{}: {}", self.spec.name, code.title()))));
            }
        };
        if step.next == self.drive && found.is_none() {
            self.run(&step.effects, ctx);
            return answer(reply, Ok(()));
        }
        let medium = found.clone().or_else(|| self.medium.clone()).filter(|_| step.next.state.knows_medium());
        let mut snapshot = self.snapshot();
        let job = step
            .effects
            .contains(&DriveEffect::CreateAutoJob)
            .then(|| found.as_ref().map(|medium| auto_job(&self.deps, &snapshot, &step.next, medium)))
            .flatten();
        snapshot.drive = step.next.clone();
        snapshot.medium.clone_from(&medium);
        let events = news(&self.snapshot(), &step.next, found.as_ref());
        let (journal, registry, known) = (self.deps.journal.clone(), self.deps.registry.clone(), snapshot.clone());
        let work = move |tx: &mut Tx<'_>| {
            storage::drives::upsert(tx.conn, &row(&snapshot, tx.now))?;
            if let Some(medium) = &found {
                storage::media::seen(tx.conn, medium, &snapshot.id, tx.now)?;
            }
            for event in &events {
                tx.event(event)?;
            }
            if let Some(job) = &job {
                storage::jobs::insert(tx.conn, job)?;
                let message = format!("Disc {:?} will be imaged automatically", job.disk_label);
                tx.event(&NewEvent::new("job.created", Level::Info, message).job(job.id).drive(&snapshot.id))?;
            }
            Ok(())
        };
        ctx.wait(async move { journal.commit_then(work, |()| registry.publish(known)).await }.into_actor(self).map(
            move |stored, actor, ctx| match stored {
                Ok(()) => {
                    actor.drive = step.next;
                    actor.medium = medium;
                    actor.run(&step.effects, ctx);
                    answer(reply, Ok(()));
                    actor.execute_deferred(ctx);
                }
                Err(error) => {
                    answer(reply, Err(Problem::new(Code::Unavailable, "The drive's state could not be stored; see the log")));
                    fail(ctx, format!("storing the state of {}: {error}", actor.spec.id));
                }
            },
        ));
    }

    fn run(&mut self, effects: &[DriveEffect], ctx: &mut Context<Self>) {
        for effect in effects {
            match effect {
                DriveEffect::QueryStatus => self.submit(DeviceCommand::Status),
                DriveEffect::Identify => self.submit(DeviceCommand::Identify),
                DriveEffect::Eject => self.submit(DeviceCommand::Eject),
                DriveEffect::CloseTray => self.submit(DeviceCommand::Close),
                DriveEffect::Settle => {
                    let delay = if self.is_virtual() { Duration::ZERO } else { SETTLE_REAL };
                    ctx.run_later(delay, |actor, ctx| actor.apply(DriveEvent::Settled, None, None, ctx));
                }
                // Stored in the transaction; the dispatcher hears of both from the event log.
                DriveEffect::CreateAutoJob | DriveEffect::AnnounceDisc => {}
            }
        }
    }

    fn submit(&mut self, command: DeviceCommand) {
        if let Some(device) = &mut self.device {
            device.submit(&self.spec.address, command);
        }
    }

    fn snapshot(&self) -> DriveSnapshot {
        DriveSnapshot {
            id: self.spec.id.clone(),
            address: self.spec.address.clone(),
            name: self.spec.name.clone(),
            identity: self.identity.clone(),
            drive: self.drive.clone(),
            medium: self.medium.clone(),
        }
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        let Some(device) = &self.device else { return };
        let silent = device.silent_for() > self.deps.wedged_after;
        let wedged = self.drive.state == (DriveState::Error { reason: DriveReason::Wedged });
        if silent && !wedged {
            for (_, reply) in self.waiting.drain(..) {
                answer(
                    Some(reply),
                    Err(Problem::new(Code::DriveWedged, "The drive does not answer; it is shown as wedged until it does")),
                );
            }
            self.apply(DriveEvent::Wedged, None, None, ctx);
        } else if !device.is_busy() && !matches!(self.drive.state, DriveState::Copying { .. }) {
            self.submit(DeviceCommand::Status);
        }
    }

    fn on_status(&mut self, result: Result<(DeviceStatus, DeviceIdentity), DeviceError>, ctx: &mut Context<Self>) {
        match result {
            Ok((status, identity)) => {
                if identity != self.identity {
                    self.identity = identity;
                    self.deps.registry.publish(self.snapshot());
                }
                if self.drive.state == DriveState::WaitingForDrive {
                    return self.apply(DriveEvent::Appeared, None, None, ctx);
                }
                self.apply(DriveEvent::Status { tray: status.tray, insertion: status.insertion }, None, None, ctx);
            }
            Err(DeviceError::Gone) if self.drive.state != DriveState::WaitingForDrive => {
                self.apply(DriveEvent::Vanished, None, None, ctx)
            }
            Err(DeviceError::Permission(_)) => self.apply(DriveEvent::PermissionDenied, None, None, ctx),
            Err(error) => tracing::debug!(drive = %self.spec.id, %error, "status query failed"),
        }
    }

    fn on_identified(&mut self, result: Result<(Box<Medium>, Option<u64>), IdentifyFailure>, ctx: &mut Context<Self>) {
        let (medium, insertion) = match result {
            Ok(found) => found,
            Err(failure) => return self.on_not_identified(&failure, ctx),
        };
        let (id, disc) = (self.spec.id.clone(), medium.fingerprint.clone());
        let db = self.deps.journal.db.clone();
        let ask = async move {
            db.read(move |conn| {
                Ok((storage::isos::archived(conn, &disc)?.is_some(), storage::jobs::wanting_disc(conn, &id, &disc)?))
            })
            .await
        };
        ctx.wait(ask.into_actor(self).map(move |known, actor, ctx| match known {
            Ok((archived, wanted)) => {
                let finding = Finding {
                    disc: medium.fingerprint.clone(),
                    insertion,
                    imageable: crate::domain::plan::is_imageable(medium.kind),
                    archived,
                    wanted,
                };
                actor.apply(DriveEvent::Identified(finding), Some(*medium), None, ctx);
            }
            Err(error) => fail(ctx, format!("looking up the disc in {}: {error}", actor.spec.id)),
        }));
    }

    fn on_not_identified(&mut self, failure: &IdentifyFailure, ctx: &mut Context<Self>) {
        tracing::info!(drive = %self.spec.id, %failure, "disc not identified");
        let event = match failure {
            IdentifyFailure::Gone => DriveEvent::Vanished,
            IdentifyFailure::NotReady => DriveEvent::NotIdentified(NotIdentified::NotReady),
            IdentifyFailure::NoMedium => DriveEvent::NotIdentified(NotIdentified::NoMedium),
            IdentifyFailure::Changed => DriveEvent::NotIdentified(NotIdentified::Changed),
            IdentifyFailure::Blank => DriveEvent::NotIdentified(NotIdentified::Blank),
            IdentifyFailure::Unreadable(_) | IdentifyFailure::Timeout(_) | IdentifyFailure::Other(_) => {
                DriveEvent::NotIdentified(NotIdentified::Unreadable)
            }
        };
        self.apply(event, None, None, ctx);
    }

    /// Answers whoever waits for this command.
    fn resolve(&mut self, command: &DeviceCommand, result: &Result<(), DeviceError>) {
        let same = |other: &DeviceCommand| std::mem::discriminant(other) == std::mem::discriminant(command);
        let (ours, others): (Vec<_>, Vec<_>) = self.waiting.drain(..).partition(|(waited, _)| same(waited));
        self.waiting = others;
        for (_, reply) in ours {
            answer(Some(reply), result.clone().map_err(|error| device_problem(&self.spec.name, &error)));
        }
    }

    /// Hands a command to the device for somebody who waits for the answer.
    fn submit_for(&mut self, command: DeviceCommand, reply: Reply) {
        self.waiting.push((command.clone(), reply));
        self.submit(command);
    }

    fn request(&mut self, event: DriveEvent, command: DeviceCommand, reply: Reply, ctx: &mut Context<Self>) {
        // Only a request that the rules turn into a command of the device waits for the device.
        let before = self.device.as_ref().map_or(0, DeviceThread::pending);
        let (probe, mut denied) = oneshot::channel();
        self.apply(event, None, Some(probe), ctx);
        match denied.try_recv() {
            Ok(Err(problem)) => answer(Some(reply), Err(problem)),
            _ if self.device.as_ref().map_or(0, DeviceThread::pending) > before => self.waiting.push((command, reply)),
            _ => answer(Some(reply), Ok(())),
        }
    }
}

impl DriveActor {
    fn execute(&mut self, command: DriveCommand, reply: Reply, ctx: &mut Context<Self>) {
        match command {
            DriveCommand::Eject => self.request(DriveEvent::EjectRequested, DeviceCommand::Eject, reply, ctx),
            DriveCommand::Close => self.request(DriveEvent::CloseRequested, DeviceCommand::Close, reply, ctx),
            DriveCommand::Insert(_) if !self.is_virtual() => {
                answer(Some(reply), Err(Problem::new(Code::NotVirtual, Code::NotVirtual.title())));
            }
            DriveCommand::Insert(image) => self.submit_for(DeviceCommand::Insert(image), reply),
            DriveCommand::JobStarted(job) => self.apply(DriveEvent::JobStarted(job), None, Some(reply), ctx),
            DriveCommand::JobEnded(job, end) => self.apply(DriveEvent::JobEnded(job, end), None, Some(reply), ctx),
            DriveCommand::Wedged => self.apply(DriveEvent::Wedged, None, Some(reply), ctx),
            DriveCommand::Vanished => self.apply(DriveEvent::Vanished, None, Some(reply), ctx),
            DriveCommand::Appeared(address) => {
                self.spec.address = address;
                self.apply(DriveEvent::Appeared, None, Some(reply), ctx);
            }
            DriveCommand::Look => {
                self.tick(ctx);
                answer(Some(reply), Ok(()));
            }
        }
    }

    /// A drive that a job reads is left alone. But a job is over for people as soon as that is stored, and its drive is released
    /// a moment later: whoever ejects in between is not told "busy", but waits for that moment.
    fn when_released(&mut self, job: JobId, command: DriveCommand, reply: Reply, ctx: &mut Context<Self>) {
        let db = self.deps.journal.db.clone();
        let look = async move { db.read(move |conn| storage::jobs::get(conn, job)).await };
        ctx.wait(look.into_actor(self).map(move |known, actor, _| {
            if known.is_ok_and(|job| job.state.is_terminal()) {
                actor.deferred.push((command, reply));
            } else {
                answer(
                    Some(reply),
                    Err(Problem::new(Code::DriveBusy, format!("{}: {}", actor.spec.name, Code::DriveBusy.title()))),
                );
            }
        }));
    }

    fn execute_deferred(&mut self, ctx: &mut Context<Self>) {
        if !matches!(self.drive.state, DriveState::Copying { .. }) {
            for (command, reply) in std::mem::take(&mut self.deferred) {
                self.execute(command, reply, ctx);
            }
        }
    }
}

impl Actor for DriveActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let address = ctx.address();
        match DeviceThread::start(self.spec.id.as_str(), move |answer| address.do_send(Answered(answer))) {
            Ok(thread) => self.device = Some(thread),
            Err(error) => return fail(ctx, format!("no thread for {}: {error}", self.spec.id)),
        }
        let id = self.spec.id.clone();
        let db = self.deps.journal.db.clone();
        let load = async move {
            db.read(move |conn| {
                let known = match storage::drives::get(conn, &id) {
                    Err(StorageError::NotFound) => None,
                    other => Some(other?),
                };
                Ok((known, storage::jobs::running_for_drive(conn, &id)?))
            })
            .await
        };
        ctx.wait(load.into_actor(self).map(|loaded, actor, ctx| match loaded {
            Ok((record, running)) => {
                if let Some(record) = record {
                    actor.drive = record.drive;
                    actor.medium = record.medium;
                    actor.identity = serde_json::from_value(record.identity).unwrap_or_default();
                }
                actor.deps.registry.publish(actor.snapshot());
                actor.apply(DriveEvent::Started { reading: running.map(|job| job.id) }, None, None, ctx);
            }
            Err(error) => fail(ctx, format!("loading {}: {error}", actor.spec.id)),
        }));
        ctx.run_interval(if self.is_virtual() { POLL_VIRTUAL } else { POLL_REAL }, Self::tick);
    }
}

impl SupervisedActor for DriveActor {}

impl Handler<DriveCommand> for DriveActor {
    type Result = ResponseFuture<Result<(), Problem>>;

    fn handle(&mut self, command: DriveCommand, ctx: &mut Self::Context) -> Self::Result {
        let (reply, answered) = oneshot::channel();
        match (self.drive.state, &command) {
            (DriveState::Copying { job }, DriveCommand::Eject | DriveCommand::Close | DriveCommand::Insert(_)) => {
                self.when_released(job, command, reply, ctx);
            }
            _ => self.execute(command, reply, ctx),
        }
        let down = || Problem::new(Code::Unavailable, "The drive's actor was restarted; try again");
        Box::pin(async move { answered.await.unwrap_or_else(|_| Err(down())) })
    }
}

/// From the device thread.
#[derive(Message)]
#[rtype(result = "()")]
struct Answered(DeviceAnswer);

impl Handler<Answered> for DriveActor {
    type Result = ();

    fn handle(&mut self, Answered(message): Answered, ctx: &mut Self::Context) {
        if let Some(device) = &mut self.device {
            device.answered();
        }
        match message {
            DeviceAnswer::Status(result) => self.on_status(result, ctx),
            DeviceAnswer::Identified(result) => self.on_identified(result, ctx),
            DeviceAnswer::Ejected(result) => {
                self.resolve(&DeviceCommand::Eject, &result);
                if let Err(error) = &result {
                    tracing::warn!(drive = %self.spec.id, %error, "eject failed");
                }
                self.apply(if result.is_ok() { DriveEvent::Ejected } else { DriveEvent::EjectFailed }, None, None, ctx);
            }
            DeviceAnswer::Closed(result) => {
                self.resolve(&DeviceCommand::Close, &result);
                self.submit(DeviceCommand::Status);
            }
            DeviceAnswer::Inserted(result) => {
                self.resolve(&DeviceCommand::Insert(PathBuf::new()), &result);
                self.submit(DeviceCommand::Status);
            }
        }
    }
}

fn answer(reply: Option<Reply>, result: Result<(), Problem>) {
    // Whoever asked may have gone.
    let _ = reply.map(|reply| reply.send(result));
}
