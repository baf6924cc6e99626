//! The actor that owns one drive.

mod requests;
mod sight;

use super::{
    auto_job::auto_job,
    device_thread::{DeviceAnswer, DeviceCommand, DeviceThread},
    messages::{DriveCommand, DriveSpec},
    record::{button_refused, news, row},
    registry::{DriveRegistry, DriveSnapshot, LiveSettings},
};
use crate::{
    bus::{Journal, Tx},
    domain::{
        disc::Medium,
        drive::{Drive, DriveDenied, DriveEffect, DriveEvent, DrivePolicy, DriveReason, DriveState, DriveStep},
        drive_settings::{DriveSettings, Quirk},
        event::{Level, NewEvent},
    },
    error::{Code, Problem},
    optical::{DeviceAddress, DeviceIdentity, hotplug::Source},
    storage::{self, StorageError},
    supervision::{SupervisedActor, fail},
};
use actix::prelude::*;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
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
    /// A hook takes discs out; it is told before trays are opened, and opens them itself or leaves it to whoever calls it.
    pub hook: bool,
}

type Reply = oneshot::Sender<Result<(), Problem>>;

/// The actor of one drive.
pub struct DriveActor {
    deps: DriveDeps,
    spec: DriveSpec,
    settings: DriveSettings,
    identity: DeviceIdentity,
    drive: Drive,
    medium: Option<Medium>,
    /// Who uses the disc, in state `error`, reason `in_use`.
    held_by: Option<String>,
    /// Since when a medium has been getting ready.
    spinning_up: Option<Instant>,
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

/// A step that is to be stored, with what belongs to it.
struct Decision {
    step: DriveStep,
    found: Option<Medium>,
    settings: Option<DriveSettings>,
    reply: Option<Reply>,
}

impl DriveActor {
    /// The actor for this drive; what it knew before is read from the database when it starts.
    pub fn new(deps: DriveDeps, spec: DriveSpec) -> Self {
        Self {
            deps,
            spec,
            settings: DriveSettings::default(),
            identity: DeviceIdentity::default(),
            drive: Drive::default(),
            medium: None,
            held_by: None,
            spinning_up: None,
            device: None,
            waiting: Vec::new(),
            deferred: Vec::new(),
        }
    }

    fn is_virtual(&self) -> bool {
        matches!(self.spec.address, DeviceAddress::Virtual(_))
    }

    fn name(&self) -> &str {
        self.settings.name.as_ref().unwrap_or(&self.spec.name)
    }

    fn policy(&self, settings: &DriveSettings) -> DrivePolicy {
        let service = self.deps.settings.get();
        DrivePolicy {
            auto: settings.auto.unwrap_or(service.auto),
            again: service.again,
            eject_when_done: settings.options.eject.unwrap_or(service.eject_when_done) && !self.deps.hook,
            disabled: !settings.enabled,
            no_eject: settings.has(Quirk::NoEject),
        }
    }

    /// Decide, store, act; then tell whoever asked.
    fn apply(&mut self, event: DriveEvent, found: Option<Medium>, reply: Option<Reply>, ctx: &mut Context<Self>) {
        let step = match self.drive.step(event, &self.policy(&self.settings)) {
            Ok(step) => step,
            Err(denied) => return answer(reply, Err(self.refusal(denied))),
        };
        if step.next == self.drive && found.is_none() {
            self.run(&step.effects, ctx);
            return answer(reply, Ok(()));
        }
        self.store(Decision { step, found, settings: None, reply }, ctx);
    }

    fn refusal(&self, denied: DriveDenied) -> Problem {
        let code = Code::parse(&denied.to_string()).unwrap_or(Code::Conflict);
        let why = match (denied, &self.held_by) {
            (DriveDenied::NoEject, _) => "its quirk no_eject says that it cannot open its tray by command; press its button",
            (DriveDenied::InUse, Some(who)) => who,
            _ => code.title(),
        };
        Problem::new(code, format!("{}: {why}", self.name()))
    }

    fn store(&mut self, Decision { step, found, settings, reply }: Decision, ctx: &mut Context<Self>) {
        let before = self.snapshot();
        let known = found.clone().or_else(|| self.medium.clone());
        let medium = known.filter(|_| step.next.state.knows_medium());
        let settings = settings.unwrap_or_else(|| self.settings.clone());
        let mut after = self.snapshot_with(&step.next, &settings);
        after.medium.clone_from(&medium);
        let job = step
            .effects
            .contains(&DriveEffect::CreateAutoJob)
            .then(|| found.as_ref().map(|medium| auto_job(&self.deps, &after, &step.next, medium)))
            .flatten();
        let events = news(&before, &after, found.as_ref());
        let wedged = DriveState::Error { reason: DriveReason::Wedged };
        let hung = step.next.state == wedged && self.drive.state != wedged;
        let (journal, registry, known) = (self.deps.journal.clone(), self.deps.registry.clone(), after.clone());
        let work = move |tx: &mut Tx<'_>| {
            storage::drives::upsert(tx.conn, &row(&after, tx.now))?;
            if after.settings != before.settings {
                storage::drive_settings::set(tx.conn, &after.id, &after.settings, tx.now)?;
            }
            if hung {
                storage::drive_stats::wedged(tx.conn, &after.id, tx.now)?;
            }
            if let Some(medium) = &found {
                storage::media::seen(tx.conn, medium, &after.id, tx.now)?;
            }
            for event in &events {
                tx.event(event)?;
            }
            if let Some(job) = &job {
                storage::jobs::insert(tx.conn, job)?;
                let message = format!("Disc {:?} will be imaged automatically", job.disk_label);
                tx.event(&NewEvent::new("job.created", Level::Info, message).job(job.id).drive(&after.id))?;
            }
            Ok(())
        };
        ctx.wait(async move { journal.commit_then(work, |()| registry.publish(known)).await }.into_actor(self).map(
            move |stored, actor, ctx| match stored {
                Ok(()) => {
                    actor.drive = step.next;
                    actor.medium = medium;
                    actor.settings = settings;
                    actor.note_spin_up();
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

    /// The time that a medium takes to get ready begins once per insertion, although the drive may say "ready" in between.
    fn note_spin_up(&mut self) {
        match self.drive.state {
            DriveState::WaitingForMedia { reason: DriveReason::BecomingReady } => {
                self.spinning_up.get_or_insert_with(Instant::now);
            }
            DriveState::MediaDetected | DriveState::Analyzing => {}
            _ => self.spinning_up = None,
        }
    }

    fn run(&mut self, effects: &[DriveEffect], ctx: &mut Context<Self>) {
        for effect in effects {
            match effect {
                DriveEffect::QueryStatus => self.submit(DeviceCommand::Status { button: false }),
                DriveEffect::Identify => self.submit(DeviceCommand::Identify),
                DriveEffect::Eject => self.submit(DeviceCommand::Eject),
                DriveEffect::CloseTray => self.submit(DeviceCommand::Close),
                DriveEffect::Settle => {
                    let delay = if self.is_virtual() { Duration::ZERO } else { SETTLE_REAL };
                    ctx.run_later(delay, |actor, ctx| actor.apply(DriveEvent::Settled, None, None, ctx));
                }
                DriveEffect::Lock => self.submit(DeviceCommand::Lock(true)),
                DriveEffect::Unlock => self.submit(DeviceCommand::Lock(false)),
                DriveEffect::TellBusy => {
                    let (journal, event) = (self.deps.journal.clone(), button_refused(&self.snapshot()));
                    ctx.spawn(async move { drop(journal.commit(move |tx| tx.event(&event)).await) }.into_actor(self));
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
        self.snapshot_with(&self.drive, &self.settings)
    }

    fn snapshot_with(&self, drive: &Drive, settings: &DriveSettings) -> DriveSnapshot {
        let in_use = drive.state == (DriveState::Error { reason: DriveReason::InUse });
        DriveSnapshot {
            id: self.spec.id.clone(),
            address: self.spec.address.clone(),
            name: settings.name.clone().unwrap_or_else(|| self.spec.name.clone()),
            settings: settings.clone(),
            bridge: self.spec.bridge.clone(),
            detail: self.held_by.clone().filter(|_| in_use),
            identity: self.identity.clone(),
            drive: drive.clone(),
            medium: self.medium.clone(),
        }
    }

    /// Whether nobody else listens to the drive's eject button: udev does where it runs.
    fn hears_button(&self) -> bool {
        self.is_virtual() || self.deps.registry.source() != Some(Source::Udev)
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        let Some(device) = &self.device else { return };
        let (silent, idle) = (device.silent_for() > self.deps.wedged_after, !device.is_busy());
        let button = self.hears_button();
        match self.drive.state {
            DriveState::Idle { reason: DriveReason::Disabled } => {}
            // The job's own watchdog says whether the drive still answers.
            DriveState::Copying { .. } if button && idle => self.submit(DeviceCommand::Button),
            DriveState::Copying { .. } => {}
            DriveState::Error { reason: DriveReason::Wedged } if silent => {}
            _ if silent => {
                for (_, reply) in self.waiting.drain(..) {
                    let why = "The drive does not answer; it is shown as wedged until it does";
                    answer(Some(reply), Err(Problem::new(Code::DriveWedged, why)));
                }
                self.apply(DriveEvent::Wedged, None, None, ctx);
            }
            DriveState::WaitingForMedia { reason: DriveReason::BecomingReady }
                if self.spinning_up.is_some_and(|since| since.elapsed() > self.settings.ready_patience()) =>
            {
                self.apply(DriveEvent::NeverReady, None, None, ctx);
            }
            state if idle => {
                self.submit(DeviceCommand::Status { button });
                if state == (DriveState::Error { reason: DriveReason::InUse }) {
                    self.submit(DeviceCommand::Holder);
                }
            }
            _ => {}
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
                let settings = storage::drive_settings::get(conn, &id)?;
                Ok((known, settings, storage::jobs::running_for_drive(conn, &id)?))
            })
            .await
        };
        ctx.wait(load.into_actor(self).map(|loaded, actor, ctx| match loaded {
            Ok((record, settings, running)) => {
                actor.settings = settings;
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

/// From the device thread.
#[derive(Message)]
#[rtype(result = "()")]
struct Answered(DeviceAnswer);

fn answer(reply: Option<Reply>, result: Result<(), Problem>) {
    // Whoever asked may have gone.
    let _ = reply.map(|reply| reply.send(result));
}
