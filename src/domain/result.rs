//! What came out of reading a disc, beside the verdict: files, tracks, damage, statistics and how it was done.

use super::options::HashKind;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, ffi::OsString};

/// Most points of a curve: enough for a drawing on any screen.
pub const MAX_POINTS: usize = 4_096;

/// What a file of an image is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileRole {
    /// Sectors of 2048 bytes.
    Iso,
    /// Raw sectors of 2352 bytes (or 2448 with sub-channel).
    Bin,
    /// Cue sheet.
    Cue,
    /// cdrdao's table of contents.
    Toc,
    /// One audio track.
    Flac,
    /// Sub-channel data, 96 bytes per sector.
    Sub,
    /// CD-Text packs.
    CdText,
    /// Sector map.
    Map,
}

/// One file of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// Name without folder.
    pub name: String,
    /// What it is for.
    pub role: FileRole,
    /// Bytes.
    pub size: u64,
    /// Hashes, lower-case hexadecimal; MD5 and SHA-256 at least.
    pub hashes: BTreeMap<HashKind, String>,
}

/// One track of a CD as it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrackResult {
    /// 1 to 99.
    pub number: u8,
    /// Data, otherwise audio.
    pub data: bool,
    /// First sector.
    pub start: u64,
    /// Sectors.
    pub sectors: u64,
    /// CRC-32 of the track's bytes as stored.
    pub crc32: String,
    /// SHA-256 of the track's bytes as stored.
    pub sha256: String,
    /// AccurateRip checksum version 1 and 2, 8 hexadecimal digits; audio only.
    #[serde(default)]
    pub accurate_rip: Option<[String; 2]>,
    /// Whether the two readings (test and copy) agreed; `None` if it was read once.
    #[serde(default)]
    pub test_matches: Option<bool>,
    /// Sectors on which readings never agreed: possibly audible.
    #[serde(default)]
    pub unsettled: u64,
    /// Sectors that could not be read at all; they are silence (or zeros) in the image.
    #[serde(default)]
    pub unreadable: u64,
    /// International Standard Recording Code, 12 characters.
    #[serde(default)]
    pub isrc: Option<String>,
}

/// Sectors that could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRange {
    /// First sector.
    pub start: u64,
    /// Number of sectors.
    pub count: u64,
}

/// A file on the disc that unreadable sectors hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DamagedFile {
    /// Path on the disc, `/`-separated, cleaned.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// How many of them are missing.
    pub missing: u64,
}

/// What unreadable sectors mean.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Damage {
    /// In ascending order; at most [`MAX_POINTS`] of them.
    pub ranges: Vec<BadRange>,
    /// Files that are hit, those with most missing bytes first; at most [`MAX_POINTS`] of them, and so many that their paths are
    /// no longer than 1 MiB together.
    pub files: Vec<DamagedFile>,
    /// Number of all files that are hit.
    pub files_hit: u64,
    /// Missing bytes in folders and tables of the file system: there may be files that are not listed.
    pub metadata: u64,
    /// Missing bytes that belong to no file.
    pub unused: u64,
    /// Whether the folders could be read completely.
    pub listing_complete: bool,
}

/// A stretch of the disc: how fast it was read and what could not be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SpeedPoint {
    /// First sector.
    pub start: u64,
    /// Number of sectors.
    pub sectors: u64,
    /// Bytes per second while reading here.
    pub bytes_per_second: f64,
    /// Of them unreadable.
    pub bad: u64,
}

/// What reading cost; summed up over a drive's life.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadStatistics {
    /// Sectors that were read.
    pub sectors: u64,
    /// Errors that the drive reported as recovered (sense 1/xx).
    pub recovered: u64,
    /// Sectors given up.
    pub unreadable: u64,
    /// Resets and hangs that were noticed.
    pub resets: u64,
    /// Speed and errors over the disc; at most [`MAX_POINTS`].
    pub curve: Vec<SpeedPoint>,
}

/// A program that had a part in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolRun {
    /// Its name, for example `ddrescue`.
    pub tool: String,
    /// Its version as it tells it.
    pub version: String,
    /// Its command line, program first; empty for this program.
    pub command: Vec<String>,
}

impl ToolRun {
    /// A run of another program.
    pub fn new(tool: &str, version: String, command: &[OsString]) -> Self {
        let command = command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        Self { tool: tool.to_owned(), version, command }
    }

    /// This program's own part.
    pub fn own() -> Self {
        Self::new("disk2iso", env!("CARGO_PKG_VERSION").to_owned(), &[])
    }
}

/// Everything beside the verdict; stored with the image as JSON, so every field has a default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageDetails {
    /// All files of the image, the one that stands for it first.
    pub files: Vec<StoredFile>,
    /// Tracks of a CD that was read raw.
    pub tracks: Vec<TrackResult>,
    /// What is missing, if anything is.
    pub damage: Option<Damage>,
    /// What reading cost.
    pub statistics: ReadStatistics,
    /// Programs that had a part in it.
    pub tools: Vec<ToolRun>,
    /// Why the image has this form, a stable word: `audio_tracks`, `mixed_mode`, `raw_clone` …
    pub form: Option<String>,
}

/// The result of looking at the surface only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScanResult {
    /// Sectors the medium has.
    pub sectors_total: u64,
    /// Of them unreadable.
    pub bad_sectors: u64,
    /// Unreadable ranges, at most [`MAX_POINTS`].
    pub ranges: Vec<BadRange>,
    /// Speed and errors over the disc.
    pub statistics: ReadStatistics,
    /// How long it took.
    pub seconds: f64,
}
