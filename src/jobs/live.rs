//! What is known about jobs right now and not stored: progress, wait reasons, the actors of running jobs.

use super::actor::JobActor;
use crate::{
    domain::{
        ids::{DriveId, JobId},
        progress::Progress,
        scheduling::WaitReason,
        speed_history::{SpeedHistories, SpeedSample},
    },
    supervision::ChildRef,
};
use chrono::{DateTime, Utc};
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

/// A running job.
#[derive(Clone)]
pub struct LiveJob {
    /// The drive it reads from.
    pub drive: Option<DriveId>,
    /// Where it stands.
    pub progress: Progress,
    /// Process id of its worker, once there is one.
    pub worker: Option<i32>,
    /// Its worker had to be given up or killed: the drive must be asked whether it still answers.
    pub(super) wedged: bool,
    pub(super) actor: ChildRef<JobActor>,
}

#[derive(Default)]
struct Inner {
    running: BTreeMap<JobId, LiveJob>,
    waits: BTreeMap<JobId, WaitReason>,
    furthest: BTreeMap<JobId, u64>,
    speeds: SpeedHistories,
}

/// The board. Cheap to clone; outlives a restart of the dispatcher.
#[derive(Clone, Default)]
pub struct LiveJobs(Arc<RwLock<Inner>>);

impl LiveJobs {
    /// Live numbers of a job, if it runs.
    pub fn progress(&self, id: JobId) -> Option<Progress> {
        self.read().running.get(&id).map(|job| job.progress)
    }

    /// How fast a job was over its time, oldest first, at most 300 points; since the service started, and empty for jobs that ran
    /// long ago.
    pub fn history(&self, id: JobId) -> Vec<SpeedSample> {
        self.read().speeds.of(id)
    }

    /// Why a queued job does not run yet.
    pub fn wait_reason(&self, id: JobId) -> Option<WaitReason> {
        self.read().waits.get(&id).copied()
    }

    /// Jobs that have an actor now.
    pub fn running(&self) -> Vec<(JobId, LiveJob)> {
        self.read().running.iter().map(|(id, job)| (*id, job.clone())).collect()
    }

    pub(super) fn get(&self, id: JobId) -> Option<LiveJob> {
        self.read().running.get(&id).cloned()
    }

    pub(super) fn insert(&self, id: JobId, job: LiveJob) {
        self.write().running.insert(id, job);
    }

    pub(super) fn remove(&self, id: JobId) -> Option<LiveJob> {
        self.write().running.remove(&id)
    }

    pub(super) fn set_progress(&self, id: JobId, progress: Progress, at: DateTime<Utc>) {
        let mut inner = self.write();
        if let Some(job) = inner.running.get_mut(&id) {
            job.progress = progress;
            let sample = SpeedSample { at, bytes_per_second: progress.speed, size_processed: progress.size_processed };
            inner.speeds.push(id, sample);
        }
    }

    pub(super) fn set_worker(&self, id: JobId, worker: i32) {
        if let Some(job) = self.write().running.get_mut(&id) {
            job.worker = Some(worker);
        }
    }

    pub(super) fn set_wedged(&self, id: JobId) {
        if let Some(job) = self.write().running.get_mut(&id) {
            job.wedged = true;
        }
    }

    /// Notes how many bytes of the disc a job has read; tells whether that is more than ever before.
    pub(super) fn reached(&self, id: JobId, bytes: u64) -> bool {
        let mut inner = self.write();
        let furthest = inner.furthest.entry(id).or_default();
        let further = bytes > *furthest;
        *furthest = bytes.max(*furthest);
        further
    }

    /// Forgets what is kept for a job that is over.
    pub(super) fn forget(&self, id: JobId) {
        self.write().furthest.remove(&id);
    }

    pub(super) fn set_waits(&self, waits: BTreeMap<JobId, WaitReason>) {
        self.write().waits = waits;
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
