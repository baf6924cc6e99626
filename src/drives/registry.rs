//! Snapshots of all drives, published by their actors, read by everybody else.

use super::{actor::DriveActor, messages::DriveCommand};
use crate::{
    config::RuntimeSettings,
    domain::{
        bridge::Bridge,
        disc::Medium,
        drive::{Drive, DriveReason, DriveState},
        drive_settings::DriveSettings,
        ids::{DriveId, JobId},
        scheduling::DriveSlot,
    },
    error::{Code, Problem},
    optical::{DeviceAddress, DeviceIdentity, hotplug::Source},
    supervision::ChildRef,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

/// What is known about a drive.
#[derive(Debug, Clone)]
pub struct DriveSnapshot {
    /// Lasting id.
    pub id: DriveId,
    /// Where it is now.
    pub address: DeviceAddress,
    /// Name for people: as set, else its model or folder.
    pub name: String,
    /// What people set for it; [`DriveSettings::job_defaults`] is what the options of a job leave open.
    pub settings: DriveSettings,
    /// The USB bridge that it is behind.
    pub bridge: Option<Bridge>,
    /// A sentence beside the reason of its state, for example who uses its disc.
    pub detail: Option<String>,
    /// What it says about itself.
    pub identity: DeviceIdentity,
    /// State.
    pub drive: Drive,
    /// The medium that was analysed, while it is in the drive.
    pub medium: Option<Medium>,
}

impl DriveSnapshot {
    /// The job that reads in this drive.
    pub fn job(&self) -> Option<JobId> {
        match self.drive.state {
            DriveState::Copying { job } => Some(job),
            _ => None,
        }
    }

    /// Device node or folder.
    pub fn path(&self) -> String {
        match &self.address {
            DeviceAddress::Scsi(path) | DeviceAddress::Virtual(path) | DeviceAddress::ImageFile(path) => {
                path.display().to_string()
            }
        }
    }

    /// Whether this is a virtual drive.
    pub fn is_virtual(&self) -> bool {
        matches!(self.address, DeviceAddress::Virtual(_))
    }
}

struct Entry {
    snapshot: Option<DriveSnapshot>,
    actor: ChildRef<DriveActor>,
}

/// All drives. Cheap to clone.
#[derive(Clone, Default)]
pub struct DriveRegistry(Arc<RwLock<BTreeMap<DriveId, Entry>>>, Arc<RwLock<Option<Source>>>);

/// Longest time a person waits for a tray.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

impl DriveRegistry {
    /// The reference to a drive's actor; the same one for as long as the service runs, whether the actor runs or not.
    pub fn reference(&self, id: &DriveId) -> ChildRef<DriveActor> {
        let make = || Entry { snapshot: None, actor: ChildRef::new(format!("drive:{id}")) };
        self.write().entry(id.clone()).or_insert_with(make).actor.clone()
    }

    /// Where news of real drives comes from; `None`: nobody looks for real drives.
    pub fn source(&self) -> Option<Source> {
        *self.1.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes where news of real drives comes from.
    pub fn set_source(&self, source: Source) {
        *self.1.write().unwrap_or_else(PoisonError::into_inner) = Some(source);
    }

    /// Whether this drive's actor runs.
    pub fn is_alive(&self, id: &DriveId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(id).is_some_and(|entry| entry.actor.addr().is_some())
    }

    /// Publishes what an actor knows.
    pub fn publish(&self, snapshot: DriveSnapshot) {
        if let Some(entry) = self.write().get_mut(&snapshot.id) {
            entry.snapshot = Some(snapshot);
        }
    }

    /// All drives that have said something, by id.
    pub fn all(&self) -> Vec<DriveSnapshot> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().filter_map(|entry| entry.snapshot.clone()).collect()
    }

    /// One drive.
    pub fn get(&self, id: &DriveId) -> Option<DriveSnapshot> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(id)?.snapshot.clone()
    }

    /// The drive that people call by id, device node or folder.
    pub fn find(&self, text: &str) -> Option<DriveSnapshot> {
        self.all().into_iter().find(|drive| drive.id.as_str() == text || drive.path() == text)
    }

    /// The drives as the scheduler sees them.
    pub fn slots(&self) -> BTreeMap<DriveId, DriveSlot> {
        let slot = |drive: DriveSnapshot| {
            let free = !matches!(
                drive.drive.state,
                DriveState::Copying { .. } | DriveState::Error { .. } | DriveState::Idle { reason: DriveReason::Disabled }
            );
            let readable = drive.drive.state.can_read().then_some(drive.medium).flatten();
            (
                drive.id,
                DriveSlot {
                    disc: readable
                        .filter(|medium| crate::domain::plan::is_imageable(medium.kind))
                        .map(|medium| medium.fingerprint),
                    free,
                },
            )
        };
        self.all().into_iter().map(slot).collect()
    }

    /// Asks a drive's actor and waits for its answer.
    ///
    /// # Errors
    /// The actor's refusal, `drive_unknown`, or `unavailable` when the actor is down or does not answer.
    pub async fn send(&self, id: &DriveId, command: DriveCommand) -> Result<(), Problem> {
        let unknown = || Problem::new(Code::DriveUnknown, format!("There is no drive {id}; GET /api/v1/disks lists them"));
        let actor =
            self.0.read().unwrap_or_else(PoisonError::into_inner).get(id).map(|entry| entry.actor.clone()).ok_or_else(unknown)?;
        let down = |what: &str| Problem::new(Code::Unavailable, format!("Drive {id} {what}; try again in a few seconds"));
        match tokio::time::timeout(ANSWER_LIMIT, actor.send(command)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(down("is being restarted")),
            Err(_) => Err(down("did not answer in time")),
        }
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<DriveId, Entry>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The settings that can change while the service runs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LiveSettings(Arc<RwLock<RuntimeSettings>>);

impl LiveSettings {
    /// Starts with these.
    pub fn new(settings: RuntimeSettings) -> Self {
        Self(Arc::new(RwLock::new(settings)))
    }

    /// As they are now.
    pub fn get(&self) -> RuntimeSettings {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces them. The caller has stored them.
    pub fn set(&self, settings: RuntimeSettings) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = settings;
    }
}
