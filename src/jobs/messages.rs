//! What the dispatcher can be asked.

use crate::{
    domain::{
        ids::{IsoId, JobId},
        job::{Decision, JobState, PauseReason},
        options::JobOptions,
        queue_order::Target,
    },
    error::Problem,
    storage::jobs::JobRecord,
};
use actix::Message;

/// Create an image job. Fields are as they came in; the dispatcher checks them.
#[derive(Debug, Clone, Default, Message)]
#[rtype(result = "Result<JobRecord, Problem>")]
pub struct CreateJob {
    /// Drive: id, device node, or the virtual drive's folder.
    pub device: String,
    /// Word of [`crate::domain::options::Mode`]. Default: the mode that the drive is set to.
    pub mode: Option<String>,
    /// Name of the image without folder; `.iso` is added if it is missing. Default: the disc's label.
    pub filename: Option<String>,
    /// Folder, absolute or below the output folder. Default: the output folder.
    pub output_path: Option<String>,
    /// -100 to 100; larger goes first.
    pub priority: i32,
    /// How to read; what it does not say, the drive's defaults do.
    pub options: JobOptions,
    /// Name of the account that asks; none while access control is off.
    pub by: Option<String>,
}

/// Create a job that reads a stored image back and compares its hashes.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Result<JobRecord, Problem>")]
pub struct VerifyIso(pub IsoId);

/// Do something with a job.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<JobRecord, Problem>")]
pub struct JobCommand {
    /// Which.
    pub id: JobId,
    /// What.
    pub action: JobAction,
}

/// Give a waiting job another place in the queue. One that stands where it shall is left alone.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Result<JobRecord, Problem>")]
pub struct MoveJob {
    /// Which.
    pub id: JobId,
    /// Where to.
    pub target: Target,
}

/// Do the same with several jobs, in this order.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<BulkDone, Problem>")]
pub struct BulkCommand {
    /// Which.
    pub ids: Vec<JobId>,
    /// What.
    pub action: JobAction,
}

/// Take back what was done with several jobs.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Result<BulkDone, Problem>")]
pub struct UndoBulk {
    /// Number of the event `job.bulk` that tells what was done.
    pub event: i64,
}

/// What became of several jobs.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkDone {
    /// One for each job, in the order of the request.
    pub outcomes: Vec<BulkOutcome>,
    /// Number of the event by which it can be taken back; `None` if nothing was done that can be.
    pub event: Option<i64>,
}

/// What became of one job of several.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkOutcome {
    /// Which.
    pub id: JobId,
    /// Its state before; `None` if there is no such job.
    pub before: Option<JobState>,
    /// The job now, or why nothing was done.
    pub result: Result<JobRecord, Problem>,
}

/// What can be done with a job.
#[derive(Debug, Clone, PartialEq)]
pub enum JobAction {
    /// Stop reading for now; go on later from there.
    Pause,
    /// Go on.
    Resume,
    /// Give it up; what was read is kept.
    Cancel,
    /// Try again from what was read.
    Retry,
    /// Take a cancellation back: the job waits again where it stood, or is paused again for this reason.
    Uncancel(Option<PauseReason>),
    /// Remove a job that is over, with what it left unfinished on disk; it can be restored for a while. One that is not over is
    /// cancelled instead.
    Delete,
    /// The same, for good and at once.
    Purge,
    /// Take a deletion back.
    Restore,
    /// Change what can be changed before it runs.
    Change(JobChange),
    /// Go on in this or another drive, with this disc or another copy of it.
    Continue(Continue),
    /// Say what shall become of an image with unreadable sectors.
    Decide {
        /// What.
        decision: Decision,
        /// For [`Decision::OtherDrive`]: which.
        device: Option<String>,
    },
}

impl JobAction {
    /// The word used in the API, in forms and in the log; only for actions without more to say.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Cancel => "cancel",
            Self::Uncancel(None) => "uncancel",
            Self::Uncancel(Some(PauseReason::User)) => "uncancel_user",
            Self::Uncancel(Some(PauseReason::NoSpace)) => "uncancel_no_space",
            Self::Uncancel(Some(PauseReason::MediumRemoved)) => "uncancel_medium_removed",
            Self::Uncancel(Some(PauseReason::DriveWedged)) => "uncancel_drive_wedged",
            Self::Uncancel(Some(PauseReason::DriveGone)) => "uncancel_drive_gone",
            Self::Uncancel(Some(PauseReason::Loss)) => "uncancel_loss",
            Self::Retry => "retry",
            Self::Delete => "delete",
            Self::Purge => "purge",
            Self::Restore => "restore",
            Self::Change(_) => "change",
            Self::Continue(_) => "continue",
            Self::Decide { .. } => "decide",
        }
    }

    /// The action of this word, if the word says everything.
    pub fn parse(word: &str) -> Option<Self> {
        let reasons = [
            PauseReason::User,
            PauseReason::NoSpace,
            PauseReason::MediumRemoved,
            PauseReason::DriveWedged,
            PauseReason::DriveGone,
            PauseReason::Loss,
        ];
        [Self::Pause, Self::Resume, Self::Cancel, Self::Retry, Self::Delete, Self::Restore, Self::Uncancel(None)]
            .into_iter()
            .chain(reasons.map(|reason| Self::Uncancel(Some(reason))))
            .find(|action| action.as_str() == word)
    }

    /// What takes this back for a job that was in this state before; `None` if nothing does.
    pub fn inverse(&self, before: JobState) -> Option<Self> {
        use JobState::{Cancelled, Paused, Queued, Running};
        match (self, before) {
            (Self::Cancel | Self::Delete | Self::Purge, Queued | Running { .. }) => Some(Self::Uncancel(None)),
            (Self::Cancel | Self::Delete | Self::Purge, Paused { reason }) => Some(Self::Uncancel(Some(reason))),
            (Self::Delete, _) => Some(Self::Restore),
            (Self::Restore, _) => Some(Self::Delete),
            (Self::Pause, Queued | Running { .. }) => Some(Self::Resume),
            (Self::Resume, Paused { reason: PauseReason::User }) => Some(Self::Pause),
            (Self::Retry, Cancelled) | (Self::Uncancel(_), _) => Some(Self::Cancel),
            _ => None,
        }
    }
}

/// How a job goes on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Continue {
    /// Drive: id, device node, or the virtual drive's folder. Default: the one it had.
    pub device: Option<String>,
    /// Options that replace those of the job; what they do not say stays.
    pub options: JobOptions,
}

/// Changes of a job; `None` leaves a value alone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobChange {
    /// New priority, -100 to 100; as long as the job is not over.
    pub priority: Option<i32>,
    /// New name; as long as the job has not begun to write.
    pub filename: Option<String>,
    /// New options; as long as the job has not begun to write.
    pub options: Option<JobOptions>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::{JobEvent, JobPolicy};

    fn event(action: &JobAction) -> Option<JobEvent> {
        match action {
            JobAction::Pause => Some(JobEvent::PauseRequested),
            JobAction::Resume => Some(JobEvent::ResumeRequested),
            JobAction::Cancel => Some(JobEvent::CancelRequested),
            JobAction::Retry => Some(JobEvent::RetryRequested),
            JobAction::Uncancel(reason) => Some(JobEvent::CancelUndone(*reason)),
            _ => None,
        }
    }

    #[test]
    fn what_is_taken_back_is_as_it_was() {
        let states = [
            JobState::Queued,
            JobState::Paused { reason: PauseReason::User },
            JobState::Paused { reason: PauseReason::Loss },
            JobState::Failed,
            JobState::Cancelled,
        ];
        let mut undone = 0;
        for before in states {
            for action in [JobAction::Pause, JobAction::Resume, JobAction::Cancel, JobAction::Retry] {
                let after = event(&action).and_then(|event| before.step(event, &JobPolicy::default()).ok()).map(|step| step.next);
                let Some((after, inverse)) = after.filter(|after| *after != before).zip(action.inverse(before)) else { continue };
                let back = event(&inverse).and_then(|event| after.step(event, &JobPolicy::default()).ok()).map(|step| step.next);
                assert_eq!(back, Some(before), "{action:?} of {before:?}");
                undone += 1;
            }
        }
        assert_eq!(undone, 6);
    }

    #[test]
    fn every_word_leads_back_to_its_action() {
        for word in ["pause", "resume", "cancel", "retry", "delete", "restore", "uncancel", "uncancel_user", "uncancel_loss"] {
            assert_eq!(JobAction::parse(word).expect(word).as_str(), word);
        }
        assert_eq!(JobAction::parse("purge"), None, "for good only where it is asked for by its own address");
    }
}
