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

/// Do the same with several jobs, in this order; each one's outcome.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<Vec<BulkOutcome>, Problem>")]
pub struct BulkCommand {
    /// Which.
    pub ids: Vec<JobId>,
    /// What.
    pub action: JobAction,
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
