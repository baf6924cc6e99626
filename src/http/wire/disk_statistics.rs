//! What a drive has done in its life.

use crate::{
    domain::drive_statistics::{DriveStatistics, Zone},
    storage::drive_stats::ReadElsewhere,
};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Sums over a drive's life.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "discs": 12, "jobs": 11, "verdicts": { "complete": 9, "complete_trimmed": 1, "degraded": 1, "incomplete": 0, "failed": 0 },
    "sectors": 21_000_000, "recovered": 14, "unreadable": 250, "resets": 0, "wedged": 1, "seconds": 9_100.5, "seconds_per_job": 827.3,
    "zones": { "dvd": [{ "zone": 0, "sectors": 900_000, "bytes_per_second": 6_900_000.0, "bad": 0 }] }
}))]
pub struct DiskStatistics {
    /// Discs that were seen to arrive.
    pub discs: u64,
    /// Image jobs that ended with a verdict.
    pub jobs: u64,
    /// Of them by verdict; every verdict is there.
    pub verdicts: BTreeMap<String, u64>,
    /// Sectors that were read.
    pub sectors: u64,
    /// Errors that the drive reported as recovered.
    pub recovered: u64,
    /// Sectors that could not be read.
    pub unreadable: u64,
    /// Resets and hangs while reading.
    pub resets: u64,
    /// Times that the drive did not answer any more.
    pub wedged: u64,
    /// Seconds of all jobs.
    pub seconds: f64,
    /// Mean length of a job; null before the first.
    pub seconds_per_job: Option<f64>,
    /// Ten rings of the disc per class of disc (`cd`, `dvd`, `bd`, `other`), from the inside out; those that were read.
    pub zones: BTreeMap<String, Vec<ZoneBody>>,
}

/// One ring.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ZoneBody {
    /// 0 (innermost) to 9.
    pub zone: u8,
    /// Sectors that were read here.
    pub sectors: u64,
    /// Mean speed; null if nothing was read.
    pub bytes_per_second: Option<f64>,
    /// Sectors that could not be read.
    pub bad: u64,
}

/// A disc that this drive has failed and another one has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReadElsewhereBody {
    /// Identity of the disc.
    pub fingerprint: String,
    /// Its label.
    pub label: String,
    /// The newest job of this drive on it that ended without a good image.
    pub job_uuid: String,
    /// How it ended.
    pub verdict: String,
    /// The drive that has read it.
    pub other_drive: String,
    /// Its job.
    pub other_job_uuid: String,
}

impl From<DriveStatistics> for DiskStatistics {
    fn from(life: DriveStatistics) -> Self {
        let ring = |ring: &Zone| ZoneBody {
            zone: ring.zone,
            sectors: ring.sectors,
            bytes_per_second: ring.bytes_per_second(),
            bad: ring.bad,
        };
        Self {
            seconds_per_job: life.seconds_per_job(),
            zones: life.zones.iter().map(|(class, rings)| (class.clone(), rings.iter().map(ring).collect())).collect(),
            discs: life.discs,
            jobs: life.jobs,
            verdicts: life.verdicts,
            sectors: life.sectors,
            recovered: life.recovered,
            unreadable: life.unreadable,
            resets: life.resets,
            wedged: life.wedged,
            seconds: life.seconds,
        }
    }
}

impl From<ReadElsewhere> for ReadElsewhereBody {
    fn from(disc: ReadElsewhere) -> Self {
        Self {
            fingerprint: disc.fingerprint,
            label: disc.label,
            job_uuid: disc.job.to_string(),
            verdict: disc.verdict,
            other_drive: disc.other_drive.to_string(),
            other_job_uuid: disc.other_job.to_string(),
        }
    }
}
