//! Finds drives and has an actor started for each.

use super::{
    actor::{DriveActor, DriveDeps},
    messages::{DriveCommand, DriveSpec},
};
use crate::{
    domain::{
        drive::{DriveReason, DriveState},
        ids::DriveId,
    },
    optical::{
        DeviceAddress,
        hotplug::{self, HotplugEvent},
        virtual_drive_id,
    },
    supervision::{
        BackOff, ChildChange, ChildEvent, ChildRef, ChildSpec, Restart, StartChild, Subscribe, SupervisedActor, Supervisor,
    },
};
use actix::prelude::*;
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Delays before a drive's actor is started again; then people see `error`.
const DELAYS: [Duration; 4] = [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(300)];

/// The actor that finds drives: configured folders (virtual drives) and, if wanted, the machine's real ones.
pub struct DriveManager {
    deps: DriveDeps,
    supervisor: ChildRef<Supervisor>,
    virtual_drives: Vec<PathBuf>,
    real_drives: bool,
    stop: Arc<AtomicBool>,
}

impl DriveManager {
    /// A manager whose drives become children of `supervisor`.
    pub fn new(deps: DriveDeps, supervisor: ChildRef<Supervisor>, virtual_drives: Vec<PathBuf>, real_drives: bool) -> Self {
        Self { deps, supervisor, virtual_drives, real_drives, stop: Arc::new(AtomicBool::new(false)) }
    }

    fn start_drive(&self, spec: DriveSpec, ctx: &mut Context<Self>) {
        let reference = self.deps.registry.reference(&spec.id);
        let (deps, id) = (self.deps.clone(), spec.id.clone());
        let child = ChildSpec::actor(&reference, Restart::Permanent, move || DriveActor::new(deps.clone(), spec.clone()))
            .back_off(BackOff::giving_up(DELAYS));
        let start = self.supervisor.send(StartChild(child));
        ctx.spawn(
            async move {
                match start.await {
                    Ok(Ok(())) => tracing::info!(drive = %id, "drive found"),
                    Ok(Err(error)) => tracing::warn!(drive = %id, %error, "drive not started"),
                    Err(error) => tracing::warn!(drive = %id, %error, "drive not started"),
                }
            }
            .into_actor(self),
        );
    }

    fn tell(&self, id: DriveId, command: DriveCommand, ctx: &mut Context<Self>) {
        let registry = self.deps.registry.clone();
        ctx.spawn(
            async move {
                if let Err(problem) = registry.send(&id, command).await {
                    tracing::debug!(drive = %id, %problem, "not delivered")
                }
            }
            .into_actor(self),
        );
    }
}

/// Watches for drives until told to stop, also when the source of events fails.
fn keep_watching(stop: &AtomicBool, tell: &mut dyn FnMut(HotplugEvent)) {
    while !stop.load(Ordering::SeqCst) {
        if let Err(error) = hotplug::watch(stop, tell) {
            tracing::warn!(%error, "events about drives do not come any more; listening anew");
            std::thread::sleep(Duration::from_secs(1));
        }
    }
}

/// Id of the virtual drive in this folder: the folder's name; two folders of one name are told apart by their paths.
fn virtual_id(folder: &Path, all: &[PathBuf]) -> DriveId {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let unique = all.iter().filter(|other| name(other) == name(folder)).count() < 2;
    if unique { virtual_drive_id(folder) } else { DriveId::new(&format!("virtual{}", folder.display())) }
}

impl Actor for DriveManager {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if let Some(supervisor) = self.supervisor.addr() {
            supervisor.do_send(Subscribe(ctx.address().recipient()));
        }
        for folder in self.virtual_drives.clone() {
            let id = virtual_id(&folder, &self.virtual_drives);
            let name = folder.file_name().map_or_else(|| id.to_string(), |name| name.to_string_lossy().into_owned());
            if !self.deps.registry.is_alive(&id) {
                self.start_drive(DriveSpec { id, address: DeviceAddress::Virtual(folder), name, bridge: None }, ctx);
            }
        }
        if self.real_drives {
            let (address, stop) = (ctx.address(), Arc::clone(&self.stop));
            let watch = move || keep_watching(&stop, &mut |event| address.do_send(Hotplug(event)));
            if let Err(error) = std::thread::Builder::new().name("hotplug".to_owned()).stack_size(512 * 1024).spawn(watch) {
                tracing::error!(%error, "drives plugged in later will not be seen");
            }
        }
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        self.stop.store(true, Ordering::SeqCst);
    }
}

impl SupervisedActor for DriveManager {}

#[derive(Message)]
#[rtype(result = "()")]
struct Hotplug(HotplugEvent);

impl Handler<Hotplug> for DriveManager {
    type Result = ();

    fn handle(&mut self, Hotplug(event): Hotplug, ctx: &mut Self::Context) {
        match event {
            HotplugEvent::Added(found) => {
                let address = DeviceAddress::Scsi(found.node);
                let bridge = found.bridge;
                if self.deps.registry.is_alive(&found.id) {
                    self.tell(found.id, DriveCommand::Appeared { address, bridge }, ctx);
                } else {
                    self.start_drive(DriveSpec { id: found.id, address, name: found.name, bridge }, ctx);
                }
            }
            HotplugEvent::Removed(id) => self.tell(id, DriveCommand::Vanished, ctx),
            HotplugEvent::Changed(id) => self.tell(id, DriveCommand::Look, ctx),
            HotplugEvent::Button { drive, by_udev } => self.tell(drive, DriveCommand::Button { by_udev }, ctx),
            HotplugEvent::Watching(source) => {
                tracing::info!(source = source.as_str(), "watching for drives");
                self.deps.registry.set_source(source);
            }
        }
    }
}

impl Handler<ChildEvent> for DriveManager {
    type Result = ();

    /// A drive whose actor failed too often is shown as broken instead of with its last happy state.
    fn handle(&mut self, event: ChildEvent, _: &mut Self::Context) {
        let Some(id) = event.child.strip_prefix("drive:") else { return };
        if matches!(event.change, ChildChange::GaveUp | ChildChange::Abandoned)
            && let Some(mut snapshot) = self.deps.registry.get(&DriveId::new(id))
        {
            snapshot.drive.state = DriveState::Error { reason: DriveReason::Failed };
            self.deps.registry.publish(snapshot);
        }
    }
}
