//! From evidence to verdict. The only place where an image is called complete.
//!
//! Nothing here trusts an exit code: the sector map says what was read, the size record what should have been read,
//! the hashes what was stored.

use super::{
    disc::{MediaProfile, SizeRecord, SizeRule},
    ids::SECTOR,
    sector_map::{BlockStatus, SectorMap},
};
use serde::{Deserialize, Serialize};

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

/// Run-out blocks at the end of a track written track-at-once (ddrescue manual, "Optical media").
const RUN_OUT: u64 = 2;

/// Judges the evidence.
pub fn judge(evidence: &Evidence<'_>) -> Judgement {
    use Reason::{
        DiscUnsettled, FileSystemLarger, HashesPartial, ImageLengthWrong, MapDoesNotCoverMedium, NotAllTried, NothingRead,
        RunOut, SizeUnknown, StorageChanged, UnreadableSectors,
    };
    let (map, size) = (evidence.map, evidence.size);
    let planned = size.sectors.saturating_mul(SECTOR);
    let bad_bytes = map.bytes(BlockStatus::Bad);
    let bad_sectors = bad_bytes.div_ceil(SECTOR);
    let finished = map.bytes(BlockStatus::Finished);
    let run_out = run_out_start(map, size, evidence.profile);
    // A trimmed image ends where the run-out begins, so that it equals what was once written to the disc.
    let expected_len = run_out.unwrap_or(planned);

    let mut incomplete = Vec::new();
    let mut note = |wrong: bool, reason: Reason| wrong.then(|| incomplete.push(reason));
    note(size.rule == SizeRule::Unknown || planned == 0, SizeUnknown);
    note(map.len() != planned, MapDoesNotCoverMedium);
    note(evidence.image_len != expected_len, ImageLengthWrong);
    note(size.claims.file_system() > size.sectors, FileSystemLarger);
    note(finished + bad_bytes != map.len(), NotAllTried);
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
    } else if run_out.is_some() {
        (Verdict::CompleteTrimmed, vec![RunOut])
    } else {
        (Verdict::Degraded, vec![UnreadableSectors])
    };
    Judgement { verdict, bad_sectors, reasons }
}

/// Byte at which an unreadable run-out begins, if that explains all that is missing: a CD, nothing unreadable but its last
/// one or two sectors, and a file system that ends before them. The image is cut there.
pub fn run_out_start(map: &SectorMap, size: &SizeRecord, profile: MediaProfile) -> Option<u64> {
    let missing: Vec<_> = map.blocks().filter(|(_, status)| *status != BlockStatus::Finished).collect();
    let [(range, BlockStatus::Bad)] = missing.as_slice() else { return None };
    let file_system = size.claims.file_system() * SECTOR;
    let explained = profile.class() == "cd"
        && range.end == map.len()
        && range.end - range.start <= RUN_OUT * SECTOR
        && (1..=range.start).contains(&file_system);
    explained.then_some(range.start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::disc::SizeClaims;

    fn record(sectors: u64, file_system: u64) -> SizeRecord {
        SizeClaims { read_capacity: Some(sectors), iso9660: Some(file_system), ..SizeClaims::default() }
            .reconcile(MediaProfile::CD_ROM)
    }

    fn read(sectors: u64, bad: std::ops::Range<u64>) -> SectorMap {
        let mut map = SectorMap::new(sectors * SECTOR);
        map.set(0..sectors * SECTOR, BlockStatus::Finished);
        map.set(bad.start * SECTOR..bad.end * SECTOR, BlockStatus::Bad);
        map
    }

    fn verdict_of(map: &SectorMap, size: &SizeRecord, profile: MediaProfile) -> Verdict {
        let all = run_out_start(map, size, profile).unwrap_or(map.len());
        judge(&Evidence { map, size, profile, image_len: all, hashed: all, verify: VerifyEvidence::default() }).verdict
    }

    #[test]
    fn all_read_is_complete() {
        assert_eq!(verdict_of(&read(100, 0..0), &record(100, 98), MediaProfile::CD_ROM), Verdict::Complete);
    }

    #[test]
    fn an_unreadable_run_out_is_trimmed_on_a_cd_only() {
        assert_eq!(verdict_of(&read(100, 98..100), &record(100, 98), MediaProfile::CD_ROM), Verdict::CompleteTrimmed);
        assert_eq!(verdict_of(&read(100, 98..100), &record(100, 98), MediaProfile::DVD_ROM), Verdict::Degraded);
        assert_eq!(verdict_of(&read(100, 98..100), &record(100, 99), MediaProfile::CD_ROM), Verdict::Degraded);
        assert_eq!(verdict_of(&read(100, 97..100), &record(100, 90), MediaProfile::CD_ROM), Verdict::Degraded);
    }

    #[test]
    fn a_file_system_larger_than_the_medium_is_incomplete() {
        assert_eq!(verdict_of(&read(100, 0..0), &record(100, 120), MediaProfile::CD_ROM), Verdict::Incomplete);
    }

    #[test]
    fn what_was_never_tried_is_incomplete() {
        let mut map = read(100, 0..0);
        map.set(10 * SECTOR..11 * SECTOR, BlockStatus::NonTried);
        assert_eq!(verdict_of(&map, &record(100, 98), MediaProfile::CD_ROM), Verdict::Incomplete);
    }

    #[test]
    fn a_short_file_with_a_full_map_is_incomplete() {
        let (map, size) = (read(100, 0..0), record(100, 98));
        let evidence = Evidence {
            map: &map,
            size: &size,
            profile: MediaProfile::CD_ROM,
            image_len: 99 * SECTOR,
            hashed: 99 * SECTOR,
            verify: VerifyEvidence::default(),
        };
        assert_eq!(judge(&evidence).reasons, vec![Reason::ImageLengthWrong]);
    }

    #[test]
    fn storage_that_gives_back_other_bytes_is_a_failure() {
        let (map, size) = (read(100, 0..0), record(100, 98));
        let verify = VerifyEvidence { image_matches: Some(false), disc_unsettled: None };
        let evidence =
            Evidence { map: &map, size: &size, profile: MediaProfile::CD_ROM, image_len: map.len(), hashed: map.len(), verify };
        assert_eq!(judge(&evidence).verdict, Verdict::Failed);
    }
}
