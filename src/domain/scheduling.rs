//! Which queued job may start now, and why the others wait.
//!
//! Priority first, then the place that people gave them, then age. One job per drive, a maximum of jobs at once, and a job that knows its disc starts only with that disc.

use super::{
    disc::Fingerprint,
    ids::{DriveId, JobId},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A queued job as the scheduler sees it. Jobs sort by age through their ids (UUIDv7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The job.
    pub job: JobId,
    /// Larger goes first.
    pub priority: i32,
    /// Among jobs of the same priority, smaller goes first.
    pub position: i64,
    /// The drive it needs, if it needs one.
    pub drive: Option<DriveId>,
    /// The disc it needs, if it has one already.
    pub disc: Option<Fingerprint>,
}

/// A drive as the scheduler sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriveSlot {
    /// The analysed disc in it, ready to be read; `None`: nothing to read now.
    pub disc: Option<Fingerprint>,
    /// Busy with another job, wedged, in error or disabled.
    pub free: bool,
}

/// Why a queued job does not run yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// Others are ahead and the maximum of jobs at once is reached.
    WaitingForSlot,
    /// Its drive is busy or does not answer.
    WaitingForDrive,
    /// Its drive is not connected.
    DriveMissing,
    /// Its drive holds no disc, or one that is still being analysed.
    WaitingForDisc,
    /// Its drive holds another disc than the one it began with.
    WrongDisc,
    /// Its drive holds a disc of which nothing can be made in the job's mode.
    UnsuitableDisc,
}

impl WaitReason {
    /// The word used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WaitingForSlot => "waiting_for_slot",
            Self::WaitingForDrive => "waiting_for_drive",
            Self::DriveMissing => "drive_missing",
            Self::WaitingForDisc => "waiting_for_disc",
            Self::WrongDisc => "wrong_disc",
            Self::UnsuitableDisc => "unsuitable_disc",
        }
    }
}

/// The scheduler's answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule {
    /// To be started now, in this order.
    pub start: Vec<JobId>,
    /// Every other candidate with its reason.
    pub wait: BTreeMap<JobId, WaitReason>,
}

/// Decides about all queued jobs at once; `running` jobs already hold a place each.
pub fn schedule(candidates: &[Candidate], drives: &BTreeMap<DriveId, DriveSlot>, running: usize, max_jobs: usize) -> Schedule {
    let mut order: Vec<&Candidate> = candidates.iter().collect();
    order.sort_by_key(|candidate| (std::cmp::Reverse(candidate.priority), candidate.position, candidate.job));
    let mut taken: BTreeSet<&DriveId> = BTreeSet::new();
    let mut schedule = Schedule::default();
    for candidate in order {
        let full = running + schedule.start.len() >= max_jobs;
        match obstacle(candidate, drives, &taken).or(full.then_some(WaitReason::WaitingForSlot)) {
            Some(reason) => {
                schedule.wait.insert(candidate.job, reason);
            }
            None => {
                taken.extend(candidate.drive.as_ref());
                schedule.start.push(candidate.job);
            }
        }
    }
    schedule
}

fn obstacle(candidate: &Candidate, drives: &BTreeMap<DriveId, DriveSlot>, taken: &BTreeSet<&DriveId>) -> Option<WaitReason> {
    let drive = candidate.drive.as_ref()?;
    let Some(slot) = drives.get(drive) else { return Some(WaitReason::DriveMissing) };
    if !slot.free || taken.contains(drive) {
        return Some(WaitReason::WaitingForDrive);
    }
    match (&slot.disc, &candidate.disc) {
        (None, _) => Some(WaitReason::WaitingForDisc),
        (Some(found), Some(wanted)) if found != wanted => Some(WaitReason::WrongDisc),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn candidate(number: u128, priority: i32, drive: u8, disc: Option<u8>) -> Candidate {
        Candidate {
            job: JobId(Uuid::from_u128(number)),
            priority,
            position: 0,
            drive: (drive > 0).then(|| DriveId::new(&drive.to_string())),
            disc: disc.map(|disc| Fingerprint(disc.to_string())),
        }
    }

    fn slot(disc: Option<u8>, free: bool) -> DriveSlot {
        DriveSlot { disc: disc.map(|disc| Fingerprint(disc.to_string())), free }
    }

    fn drives(slots: &[(u8, DriveSlot)]) -> BTreeMap<DriveId, DriveSlot> {
        slots.iter().map(|(id, slot)| (DriveId::new(&id.to_string()), slot.clone())).collect()
    }

    #[test]
    fn priority_goes_before_age_and_one_job_has_a_drive() {
        let queue = [candidate(1, 0, 1, None), candidate(2, 5, 1, None)];
        let answer = schedule(&queue, &drives(&[(1, slot(Some(9), true))]), 0, 4);
        assert_eq!(answer.start, vec![queue[1].job]);
        assert_eq!(answer.wait[&queue[0].job], WaitReason::WaitingForDrive);
    }

    #[test]
    fn a_place_goes_before_age() {
        let first = Candidate { position: 2, ..candidate(1, 0, 1, None) };
        let second = Candidate { position: 1, ..candidate(2, 0, 1, None) };
        let answer = schedule(&[first, second.clone()], &drives(&[(1, slot(Some(9), true))]), 0, 4);
        assert_eq!(answer.start, vec![second.job]);
    }

    #[test]
    fn a_job_that_began_with_a_disc_waits_for_that_disc() {
        let queue = [candidate(1, 0, 1, Some(7)), candidate(2, 0, 2, Some(7)), candidate(3, 0, 3, None)];
        let answer = schedule(&queue, &drives(&[(1, slot(Some(8), true)), (2, slot(None, true))]), 0, 4);
        assert_eq!(answer.start, vec![]);
        let reasons: Vec<_> = answer.wait.values().copied().collect();
        assert_eq!(reasons, vec![WaitReason::WrongDisc, WaitReason::WaitingForDisc, WaitReason::DriveMissing]);
    }

    proptest! {
        #[test]
        fn nobody_is_forgotten_and_no_limit_is_broken(
            queue in prop::collection::vec((-3_i32..3, 0_u8..4, prop::option::of(0_u8..3)), 0..20),
            slots in prop::collection::vec((prop::option::of(0_u8..3), any::<bool>()), 0..4),
            running in 0_usize..4, max in 0_usize..6,
        ) {
            let queue: Vec<_> = queue.into_iter().enumerate().map(|(n, (p, drive, disc))| candidate(n as u128, p, drive, disc)).collect();
            let slots: Vec<_> = slots.into_iter().enumerate().map(|(n, (disc, free))| (n as u8 + 1, slot(disc, free))).collect();
            let answer = schedule(&queue, &drives(&slots), running, max);
            prop_assert_eq!(answer.start.len() + answer.wait.len(), queue.len());
            prop_assert!(answer.start.is_empty() || running + answer.start.len() <= max);
            let started: Vec<_> = answer.start.iter().map(|id| queue.iter().find(|c| c.job == *id).expect("known")).collect();
            let used: BTreeSet<_> = started.iter().filter_map(|c| c.drive.clone()).collect();
            prop_assert_eq!(used.len(), started.iter().filter(|c| c.drive.is_some()).count());
        }
    }
}
