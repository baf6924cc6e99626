//! What the dispatcher can be asked.

use crate::{
    domain::{
        ids::{IsoId, JobId},
        job::Decision,
        options::JobOptions,
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
    /// Remove a job that is over, with what it left unfinished on disk. One that is not over is cancelled instead.
    Delete,
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
