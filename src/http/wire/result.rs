//! What came out of reading: details of an image, damage, maps, scans.

use super::{Iso, Job};
use crate::{
    domain::{
        ids::SECTOR,
        result::{BadRange, Damage, ImageDetails, ReadStatistics, ScanResult, SpeedPoint, StoredFile, TrackResult},
        sector_map::Cells,
    },
    http::wire::word,
    storage::isos::{IsoFacts, IsoRecord},
};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A file of an image.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FileBody {
    /// Name without folder.
    pub name: String,
    /// `iso`, `bin`, `cue`, `toc`, `flac`, `sub`, `cd_text` or `map`.
    pub role: String,
    /// Bytes.
    pub size: u64,
    /// Hashes in hexadecimal by their names: `md5` and `sha256` at least.
    pub hashes: BTreeMap<String, String>,
}

impl From<StoredFile> for FileBody {
    fn from(file: StoredFile) -> Self {
        let hashes = file.hashes.into_iter().map(|(kind, hash)| (kind.as_str().to_owned(), hash)).collect();
        Self { name: file.name, role: word(&file.role).unwrap_or_default(), size: file.size, hashes }
    }
}

/// A track of a CD that was read raw.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TrackBody {
    /// 1 to 99.
    pub number: u8,
    /// Data, otherwise audio.
    pub data: bool,
    /// First sector.
    pub start: u64,
    /// Sectors.
    pub sectors: u64,
    /// CRC-32 of its bytes.
    pub crc32: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// AccurateRip checksums, version 1 and 2; audio only.
    pub accurate_rip: Option<Vec<String>>,
    /// Whether both readings agreed; null if it was read once.
    pub test_matches: Option<bool>,
    /// Sectors on which readings never agreed.
    pub unsettled: u64,
    /// Sectors that could not be read.
    pub unreadable: u64,
    /// International Standard Recording Code.
    pub isrc: Option<String>,
}

impl From<TrackResult> for TrackBody {
    fn from(track: TrackResult) -> Self {
        Self {
            number: track.number,
            data: track.data,
            start: track.start,
            sectors: track.sectors,
            crc32: track.crc32,
            sha256: track.sha256,
            accurate_rip: track.accurate_rip.map(Vec::from),
            test_matches: track.test_matches,
            unsettled: track.unsettled,
            unreadable: track.unreadable,
            isrc: track.isrc,
        }
    }
}

/// What reading cost.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StatisticsBody {
    /// Sectors that were read.
    pub sectors: u64,
    /// Errors that the drive reported as recovered.
    pub recovered: u64,
    /// Sectors given up.
    pub unreadable: u64,
    /// Resets and hangs that were noticed.
    pub resets: u64,
}

impl From<&ReadStatistics> for StatisticsBody {
    fn from(statistics: &ReadStatistics) -> Self {
        let ReadStatistics { sectors, recovered, unreadable, resets, .. } = *statistics;
        Self { sectors, recovered, unreadable, resets }
    }
}

/// A program that had a part in it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ToolBody {
    /// Its name.
    pub tool: String,
    /// Its version.
    pub version: String,
    /// Its command line; empty for this program.
    pub command: Vec<String>,
}

/// An image with everything that is known about it. Lists show only the first part.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IsoDocument {
    /// As in the list.
    #[serde(flatten)]
    pub iso: Iso,
    /// Why it has its form: null for an `.iso`, else `audio_tracks`, `mixed_mode`, `cd_extra`, `video_cd` or `raw_clone`.
    pub form: Option<String>,
    /// All its files, the one that stands for it first.
    pub files: Vec<FileBody>,
    /// Tracks of a CD that was read raw.
    pub tracks: Vec<TrackBody>,
    /// What reading cost.
    pub statistics: StatisticsBody,
    /// Programs that had a part in it.
    pub tools: Vec<ToolBody>,
    /// The disc as it was analysed: `size` with all claims, the chosen one and the rule, table of contents, ids, CD-Text.
    #[schema(value_type = Option<Object>)]
    pub disc: Option<serde_json::Value>,
    /// Drives, host, operator, times, options, comparisons.
    #[schema(value_type = Object)]
    pub provenance: serde_json::Value,
}

impl IsoDocument {
    /// The entry and its large part.
    pub fn new(record: IsoRecord, facts: IsoFacts) -> Self {
        let files = crate::catalog::sidecar::files(&record, &facts);
        let disc = record.medium.as_ref().and_then(|medium| serde_json::to_value(medium).ok());
        let IsoFacts { details, provenance } = facts;
        let ImageDetails { tracks, statistics, tools, form, .. } = details;
        let tool = |run: crate::domain::result::ToolRun| ToolBody { tool: run.tool, version: run.version, command: run.command };
        Self {
            iso: Iso::from(record),
            form,
            files: files.into_iter().map(FileBody::from).collect(),
            tracks: tracks.into_iter().map(TrackBody::from).collect(),
            statistics: StatisticsBody::from(&statistics),
            tools: tools.into_iter().map(tool).collect(),
            disc,
            provenance: serde_json::to_value(provenance).unwrap_or_default(),
        }
    }
}

/// Sectors that could not be read.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RangeBody {
    /// First sector.
    pub start: u64,
    /// Number of sectors.
    pub count: u64,
}

impl From<&BadRange> for RangeBody {
    fn from(range: &BadRange) -> Self {
        Self { start: range.start, count: range.count }
    }
}

/// A file on the disc that is hit.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HitFile {
    /// Path on the disc.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// How many of them are missing.
    pub missing: u64,
}

/// A map to draw.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({ "sectors": 330_000, "cell_sectors": 81, "cells": "gggggpbgggguuu" }))]
pub struct MapBody {
    /// Sectors that the map covers.
    pub sectors: u64,
    /// Sectors in each cell but the last.
    pub cell_sectors: u64,
    /// One letter for each cell, at most 4096: `g` good, `b` bad, `p` partial, `u` untried, `t` trimmed (run-out).
    pub cells: String,
}

impl MapBody {
    /// A drawing of a map that covers so many bytes.
    pub fn new(len: u64, cells: &Cells) -> Self {
        Self { sectors: len.div_ceil(SECTOR), cell_sectors: cells.cell.div_ceil(SECTOR), cells: cells.letters() }
    }
}

/// What is missing of an image and what that means.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "ranges": [{ "start": 1000, "count": 2 }], "files": [{ "path": "PHOTOS/IMG_0001.JPG", "size": 123_456, "missing": 4096 }],
    "files_hit": 1, "metadata": 0, "unused": 0, "listing_complete": true,
    "map": { "sectors": 330_000, "cell_sectors": 81, "cells": "gggggggggggggpggggggg" }
}))]
pub struct DamageDocument {
    /// Unreadable ranges in ascending order, at most 4096.
    pub ranges: Vec<RangeBody>,
    /// Files that are hit, those with most missing bytes first, at most 4096.
    pub files: Vec<HitFile>,
    /// Number of all files that are hit.
    pub files_hit: u64,
    /// Missing bytes in folders and tables of the file system.
    pub metadata: u64,
    /// Missing bytes that belong to no file.
    pub unused: u64,
    /// Whether the folders could be read completely; false also where nobody looked.
    pub listing_complete: bool,
    /// The whole disc; null where only the ranges are known.
    pub map: Option<MapBody>,
}

impl DamageDocument {
    /// Damage and its drawing.
    pub fn new(damage: Damage, map: Option<MapBody>) -> Self {
        let hit = |file: crate::domain::result::DamagedFile| HitFile { path: file.path, size: file.size, missing: file.missing };
        Self {
            ranges: damage.ranges.iter().map(RangeBody::from).collect(),
            files: damage.files.into_iter().map(hit).collect(),
            files_hit: damage.files_hit,
            metadata: damage.metadata,
            unused: damage.unused,
            listing_complete: damage.listing_complete,
            map,
        }
    }
}

/// Where a job's image stands.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MapDocument {
    /// Bytes that were read.
    pub finished: u64,
    /// Bytes that could not be read.
    pub bad: u64,
    /// Bytes that were not tried yet, or are to be tried again.
    pub open: u64,
    /// The drawing.
    pub map: MapBody,
}

/// What a scan has found, without its curve.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ScanBody {
    /// Sectors the medium has.
    pub sectors_total: u64,
    /// Of them unreadable.
    pub bad_sectors: u64,
    /// How long it took.
    pub seconds: f64,
    /// What reading cost.
    pub statistics: StatisticsBody,
}

impl From<&ScanResult> for ScanBody {
    fn from(result: &ScanResult) -> Self {
        Self {
            sectors_total: result.sectors_total,
            bad_sectors: result.bad_sectors,
            seconds: result.seconds,
            statistics: StatisticsBody::from(&result.statistics),
        }
    }
}

/// A job with its result. Lists show only the first part.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct JobDocument {
    /// As in the list.
    #[serde(flatten)]
    pub job: Job,
    /// What a scan has found; null for other jobs and before the end.
    pub result: Option<ScanBody>,
}

/// A stretch of the disc.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PointBody {
    /// First sector.
    pub start: u64,
    /// Number of sectors.
    pub sectors: u64,
    /// Bytes per second.
    pub bytes_per_second: f64,
    /// Sectors that could not be read.
    pub bad: u64,
}

impl From<&SpeedPoint> for PointBody {
    fn from(point: &SpeedPoint) -> Self {
        Self { start: point.start, sectors: point.sectors, bytes_per_second: point.bytes_per_second, bad: point.bad }
    }
}

/// What a scan has found.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ScanDocument {
    /// The numbers.
    #[serde(flatten)]
    pub summary: ScanBody,
    /// Unreadable ranges in ascending order, at most 4096.
    pub ranges: Vec<RangeBody>,
    /// Speed and errors over the disc, at most 4096 points.
    pub curve: Vec<PointBody>,
}

impl From<&ScanResult> for ScanDocument {
    fn from(result: &ScanResult) -> Self {
        use crate::domain::result::MAX_POINTS;
        Self {
            summary: ScanBody::from(result),
            ranges: result.ranges.iter().take(MAX_POINTS).map(RangeBody::from).collect(),
            curve: result.statistics.curve.iter().take(MAX_POINTS).map(PointBody::from).collect(),
        }
    }
}
