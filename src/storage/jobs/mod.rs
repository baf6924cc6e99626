//! Jobs: what is to be done, how far it got, what came of it.
//!
//! The plan's columns have these homes: `id` → `number` (internal), `uuid` → `id`, `disk_device` → `device`, `progress` →
//! [`Progress::percent`] of the sizes, `error_count` and the rest by name.

mod claims;
mod deleted;
mod list;
mod places;
mod queries;
mod record;
mod row;

pub use claims::{claim, renew_lease, set_progress};
pub use deleted::{expired, hide, restore};
pub use list::{JobFilter, JobPage, explain, list};
pub use places::{places, set_place};
pub use queries::{
    counts_by_status, delete, get, insert, is_reserved, queued, result, running_for_drive, set_result, unfinished, update,
    wanting_disc,
};

use crate::domain::{
    disc::{Fingerprint, Medium},
    ids::{DriveId, IsoId, JobId},
    job::{Decision, JobState},
    progress::Progress,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Makes an image of a disc.
    Image,
    /// Reads an image back and compares its hashes.
    Verify,
    /// Reads the surface of a disc and keeps nothing but a curve.
    Scan,
}

impl JobKind {
    /// The word used in the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Verify => "verify",
            Self::Scan => "scan",
        }
    }

    /// Back from the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Image, Self::Verify, Self::Scan].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Who wanted a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobOrigin {
    /// The service, because a disc was inserted: at most one per media session.
    Auto,
    /// A person or a program of theirs.
    Person,
}

impl JobOrigin {
    /// The word used in the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Person => "person",
        }
    }

    /// Back from the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Auto, Self::Person].into_iter().find(|origin| origin.as_str() == text)
    }
}

/// A job as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRecord {
    /// Its id.
    pub id: JobId,
    /// What it does.
    pub kind: JobKind,
    /// How: `standard`, …
    pub mode: String,
    /// Who wanted it.
    pub origin: JobOrigin,
    /// More wishes; an object.
    pub options: serde_json::Value,
    /// Larger goes first.
    pub priority: i32,
    /// Among jobs of the same priority, smaller goes first; see [`crate::domain::queue_order`].
    pub position: i64,
    /// Device node or folder, as people know it.
    pub device: String,
    /// Drive it reads, if it reads one.
    pub drive_id: Option<DriveId>,
    /// Media session of that drive when it was created.
    pub media_session: Option<u64>,
    /// The disc as it was analysed.
    pub medium: Option<Medium>,
    /// Identity of the disc that it wants.
    pub fingerprint: Option<Fingerprint>,
    /// Label of the disc; empty if it has none.
    pub disk_label: String,
    /// Word of the disc's kind; empty if unknown.
    pub disk_type: String,
    /// Image that it made or verifies.
    pub iso_id: Option<IsoId>,
    /// File name that a person asked for.
    pub requested_name: Option<String>,
    /// Folder of the image.
    pub output_dir: String,
    /// Final path of the image; belongs to this job alone as long as it is set.
    pub output_path: Option<String>,
    /// State.
    pub state: JobState,
    /// Sentence why it failed or waits.
    pub message: Option<String>,
    /// Stable word for the same.
    pub error_code: Option<String>,
    /// Attempts in a row without progress.
    pub attempts: u32,
    /// What a person decided about missing sectors; holds for the next run.
    pub decision: Option<Decision>,
    /// Numbers as they were stored last.
    pub progress: Progress,
    /// MD5 of the image.
    pub md5: Option<String>,
    /// SHA-256 of the image.
    pub sha256: Option<String>,
    /// Node that runs it; only [`claim`], [`renew_lease`] and leaving `running` change it.
    pub lease_owner: Option<String>,
    /// Until when that node has it.
    pub lease_until: Option<DateTime<Utc>>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it ran first.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// Last change.
    pub updated_at: DateTime<Utc>,
    /// Grows with each change but progress and lease; see [`update`].
    pub revision: i64,
}
