//! From evidence to verdict. The only place where an image is called complete.
//!
//! Nothing here trusts an exit code: the sector map says what was read, the size record what should have been read,
//! the hashes what was stored.

use super::{
    disc::{MediaProfile, RUN_OUT, SizeRecord, SizeRule},
    ids::SECTOR,
    sector_map::{BlockStatus, SectorMap},
};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What an image is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every sector was read and stored.
    Complete,
    /// All but the unreadable run-out sectors that a CD written track-at-once ends with.
    CompleteTrimmed,
    /// Known sectors could not be read; everything else is there.
    Degraded,
    /// Something was never tried, or the image is shorter than it should be.
    Incomplete,
    /// Nothing usable.
    Failed,
}

impl Verdict {
    /// The word used in the API, the database and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::CompleteTrimmed => "complete_trimmed",
            Self::Degraded => "degraded",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
        }
    }

    /// Whether the image can be relied on as it is.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Complete | Self::CompleteTrimmed)
    }
}

/// What was compared after reading.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyEvidence {
    /// The image was read back from storage and its hashes were compared: equal or not.
    pub image_matches: Option<bool>,
    /// The disc was read a second time and compared: number of sectors that did not settle on one content.
    pub disc_unsettled: Option<u64>,
}

/// What is known about an image when reading has ended.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// What was read.
    pub map: &'a SectorMap,
    /// What should have been read.
    pub size: &'a SizeRecord,
    /// Profile of the medium: the run-out rule is for CDs only.
    pub profile: MediaProfile,
    /// Length of the image file in bytes as the file system tells it.
    pub image_len: u64,
    /// Number of bytes that went into the hashes.
    pub hashed: u64,
    /// Later comparisons.
    pub verify: VerifyEvidence,
}

/// A verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Number of sectors that could not be read.
    pub bad_sectors: u64,
    /// Stable words that say why it is not `complete`; empty if it is.
    pub reasons: Vec<Reason>,
}

/// Why an image is not simply complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No source told a size.
    SizeUnknown,
    /// The map speaks of another size than was chosen for the disc.
    MapDoesNotCoverMedium,
    /// The image file's length is not the planned one.
    ImageLengthWrong,
    /// A file system on the disc claims more than the image holds.
    FileSystemLarger,
    /// Sectors were never tried, or not to the end.
    NotAllTried,
    /// Sectors are unreadable.
    UnreadableSectors,
    /// The unreadable sectors are the run-out of a track-at-once recording.
    RunOut,
    /// Not every byte of the image went into the hashes.
    HashesPartial,
    /// Read back from storage, the image has other hashes.
    StorageChanged,
    /// Read a second time, the disc gave other data, and repeating did not settle it.
    DiscUnsettled,
    /// Not one sector could be read.
    NothingRead,
    /// Audio was read once only: nothing says that the drive read it rightly.
    ReadOnce,
    /// The sub-channel was asked for and the drive did not give (all of) it.
    SubChannelMissing,
}

/// Judges the evidence.
pub fn judge(evidence: &Evidence<'_>) -> Judgement {
    use Reason::{
        DiscUnsettled, FileSystemLarger, HashesPartial, ImageLengthWrong, MapDoesNotCoverMedium, NotAllTried, NothingRead,
        RunOut, SizeUnknown, StorageChanged, UnreadableSectors,
    };
    let (map, size) = (evidence.map, evidence.size);
    let planned = size.sectors.saturating_mul(SECTOR);
    let parts = parts_outside_gaps(map, size);
    let sum = |wanted: &dyn Fn(BlockStatus) -> bool| -> u64 {
        parts.iter().filter(|(_, status)| wanted(*status)).map(|(range, _)| range.end - range.start).sum()
    };
    let bad_sectors = sum(&|status| status == BlockStatus::Bad).div_ceil(SECTOR);
    let finished = sum(&|status| status == BlockStatus::Finished);
    let untried = sum(&|status| !matches!(status, BlockStatus::Bad | BlockStatus::Finished));
    let run_out = run_out_start(map, size, evidence.profile);
    let explained = unexplained(&parts, size).is_empty() || run_out.is_some();
    // A trimmed image ends where the run-out begins, so that it equals what was once written to the disc.
    let expected_len = run_out.unwrap_or(planned);

    let mut incomplete = Vec::new();
    let mut note = |wrong: bool, reason: Reason| wrong.then(|| incomplete.push(reason));
    note(size.rule == SizeRule::Unknown || planned == 0, SizeUnknown);
    note(map.len() != planned, MapDoesNotCoverMedium);
    note(evidence.image_len != expected_len, ImageLengthWrong);
    note(size.claims.file_system() > size.sectors, FileSystemLarger);
    note(untried > 0, NotAllTried);
    note(evidence.hashed != evidence.image_len, HashesPartial);

    let unsettled = evidence.verify.disc_unsettled.unwrap_or(0) > 0;
    let (verdict, reasons) = if finished == 0 {
        (Verdict::Failed, vec![NothingRead])
    } else if evidence.verify.image_matches == Some(false) {
        (Verdict::Failed, vec![StorageChanged])
    } else if !incomplete.is_empty() {
        (Verdict::Incomplete, incomplete)
    } else if unsettled {
        (Verdict::Degraded, vec![DiscUnsettled])
    } else if bad_sectors == 0 {
        (Verdict::Complete, Vec::new())
    } else if explained {
        (Verdict::CompleteTrimmed, vec![RunOut])
    } else {
        (Verdict::Degraded, vec![UnreadableSectors])
    };
    Judgement { verdict, bad_sectors, reasons }
}

/// A range of bytes and what became of it.
type Part = (Range<u64>, BlockStatus);

/// What the map says, without the gaps between sessions: those need not be readable.
fn parts_outside_gaps(map: &SectorMap, size: &SizeRecord) -> Vec<Part> {
    let mut parts: Vec<Part> = map.blocks().collect();
    for gap in &size.gaps {
        let gap = gap.start.saturating_mul(SECTOR)..gap.end.saturating_mul(SECTOR);
        let cut = |(range, status): Part| {
            let (before, after) = (range.start..range.end.min(gap.start), range.start.max(gap.end)..range.end);
            [(before, status), (after, status)].into_iter().filter(|(range, _)| range.start < range.end)
        };
        parts = parts.into_iter().flat_map(cut).collect();
    }
    parts
}

/// What is missing and is not the run-out of a session before the last one.
fn unexplained(parts: &[Part], size: &SizeRecord) -> Vec<Part> {
    let of_session = |(range, status): &&Part| {
        let within = |run_out: &Range<u64>| {
            run_out.start.saturating_mul(SECTOR) <= range.start && range.end <= run_out.end.saturating_mul(SECTOR)
        };
        *status == BlockStatus::Bad && size.run_outs.iter().any(within)
    };
    let missing = parts.iter().filter(|(_, status)| *status != BlockStatus::Finished);
    missing.filter(|part| !of_session(part)).cloned().collect()
}

/// Byte at which an unreadable run-out begins, if that explains all that is missing: a CD, nothing unreadable but its last
/// one or two sectors (and such run-out of its earlier sessions), and a file system that ends before them. The image is cut there.
pub fn run_out_start(map: &SectorMap, size: &SizeRecord, profile: MediaProfile) -> Option<u64> {
    let missing = unexplained(&parts_outside_gaps(map, size), size);
    let [(range, BlockStatus::Bad)] = missing.as_slice() else { return None };
    let file_system = size.claims.file_system().saturating_mul(SECTOR);
    let explained = profile.class() == "cd"
        && range.end == map.len()
        && range.end - range.start <= RUN_OUT * SECTOR
        && (1..=range.start).contains(&file_system);
    explained.then_some(range.start)
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
