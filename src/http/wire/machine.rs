//! The machine over the last minutes.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// The machine over the last ten minutes.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({ "every_seconds": 3, "samples": [{ "at": "2026-11-20T10:30:00Z", "cpu_percent": 12.5,
    "memory_total": 8_000_000_000_i64, "memory_used": 3_100_000_000_i64, "read_per_second": 0.0, "written_per_second": 10_800_000.0,
    "space_total": 4_000_000_000_000_i64, "space_available": 1_200_000_000_000_i64 }] }))]
pub struct MachineDocument {
    /// Seconds between two samples.
    pub every_seconds: u64,
    /// Oldest first, at most 200.
    pub samples: Vec<MachineSample>,
}

/// The machine at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct MachineSample {
    /// When.
    pub at: DateTime<Utc>,
    /// Load of all cores together, 0 to 100.
    pub cpu_percent: f64,
    /// Memory in bytes.
    pub memory_total: u64,
    /// Of it not available for programs.
    pub memory_used: u64,
    /// Bytes per second read from disks (optical drives are not counted); null if it is not known.
    pub read_per_second: Option<f64>,
    /// Bytes per second written to disks; null if it is not known.
    pub written_per_second: Option<f64>,
    /// Size of the file system of the output folder; null if it cannot be asked.
    pub space_total: Option<u64>,
    /// Bytes of it that are free for the service.
    pub space_available: Option<u64>,
}
