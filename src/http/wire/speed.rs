//! How fast a job was over its time.

use crate::domain::speed_history::SpeedSample;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// A job's curve of speed over time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({ "points": [{ "at": "2026-11-20T10:30:01Z", "bytes_per_second": 10_800_000.0, "size_processed": 10_800_000 }] }))]
pub struct SpeedDocument {
    /// Oldest first, at most 300; a longer job has them further apart. Empty before the first second, and for jobs that ran before
    /// the service started or long ago.
    pub points: Vec<SpeedPointBody>,
}

/// Where the job stood at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct SpeedPointBody {
    /// When.
    pub at: DateTime<Utc>,
    /// Bytes per second.
    pub bytes_per_second: f64,
    /// Bytes done by then.
    pub size_processed: u64,
}

impl From<SpeedSample> for SpeedPointBody {
    fn from(sample: SpeedSample) -> Self {
        Self { at: sample.at, bytes_per_second: sample.bytes_per_second, size_processed: sample.size_processed }
    }
}
