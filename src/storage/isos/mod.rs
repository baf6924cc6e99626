//! Images: the catalogue.

mod list;
mod queries;
mod related;
mod renaming;
mod row;
mod trash;

pub use list::{IsoFilter, IsoPage, Tally, explain, list, tally, total};
pub use queries::{archived, by_job, delete, facts, get, publish, set_verified, sidecars_written, sums_below, without_sidecars};
pub use related::{is_in_use, last_check, same_disc};
pub use renaming::{NewName, abandon, begin, finish, under_way};
pub use trash::{outdated, restore, restore_all, trash};

use crate::domain::{
    disc::{Fingerprint, Medium},
    ids::{IsoId, JobId},
    provenance::Provenance,
    result::ImageDetails,
    verdict::Verdict,
};
use chrono::{DateTime, Utc};

/// The large part of an image's entry: lists do without it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IsoFacts {
    /// Files, tracks, damage, statistics, programs.
    pub details: ImageDetails,
    /// Who, where, when, how.
    pub provenance: Provenance,
}

/// An image as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct IsoRecord {
    /// Its id.
    pub id: IsoId,
    /// Job that made it; `None` once that is deleted, and for images that came another way.
    pub job_id: Option<JobId>,
    /// How it was read (word of [`crate::domain::options::Mode`]).
    pub mode: String,
    /// Name of the file.
    pub filename: String,
    /// Whole path; no two images have the same.
    pub filepath: String,
    /// Path of the sector map, if one was kept.
    pub map_path: Option<String>,
    /// Bytes.
    pub size: u64,
    /// MD5 of the file.
    pub md5sum: Option<String>,
    /// SHA-256 of the file.
    pub sha256sum: Option<String>,
    /// Word of the disc's kind; empty if unknown.
    pub disk_type: String,
    /// Label of the disc; empty if it has none.
    pub disk_label: String,
    /// Identity of the disc.
    pub fingerprint: Option<Fingerprint>,
    /// The disc as it was analysed: all sizes that were claimed, the one chosen and the rule.
    pub medium: Option<Medium>,
    /// What the image is worth.
    pub verdict: Verdict,
    /// Why; an array of stable words.
    pub reasons: serde_json::Value,
    /// Number of sectors that could not be read.
    pub bad_sectors: u64,
    /// When it was entered.
    pub created_at: DateTime<Utc>,
    /// When it was last read back and compared.
    pub verified_at: Option<DateTime<Utc>>,
    /// Whether that comparison found it unchanged.
    pub verify_ok: Option<bool>,
    /// When a person deleted it; `None`: it is in the library. Its files are still there.
    pub trashed_at: Option<DateTime<Utc>>,
}

/// How the last comparison ended, as a word to filter by: `never`, `passed`, `failed`.
fn check_state(verify_ok: Option<bool>) -> &'static str {
    match verify_ok {
        None => "never",
        Some(true) => "passed",
        Some(false) => "failed",
    }
}
