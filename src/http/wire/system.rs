//! The machine and the service.

use super::Disk;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The machine, the queue and the service's parts at a glance.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Status {
    /// Version of the service.
    pub version: String,
    /// Name of this host in events.
    pub node: String,
    /// Since when it runs.
    pub started_at: chrono::DateTime<chrono::Utc>,
    /// Seconds since then.
    pub uptime_seconds: u64,
    /// Processor.
    pub cpu: Cpu,
    /// Memory.
    pub memory: Memory,
    /// Space in the output folder.
    pub disk: Space,
    /// Number of jobs by status; every status is there.
    pub jobs: BTreeMap<String, i64>,
    /// The drives.
    pub drives: Vec<DriveSummary>,
    /// Where news of real drives comes from: `udev`, `kernel` (its own messages), `polling` (every two seconds); null if
    /// nobody looks for real drives.
    pub hotplug: Option<String>,
    /// Number of the last event; the start for `since`.
    pub last_event: i64,
    /// Live clients now.
    pub live_clients: i64,
    /// Whether everything runs.
    pub healthy: bool,
    /// The supervision tree, measured now.
    #[schema(value_type = Object)]
    pub tree: serde_json::Value,
}

/// Processor.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Cpu {
    /// Load since the last look, all cores together, 0 to 100.
    pub percent: f64,
    /// Cores.
    pub cores: usize,
    /// Load averages over 1, 5 and 15 minutes.
    pub load: [f64; 3],
}

/// Memory in bytes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Memory {
    /// Of the machine.
    pub total: u64,
    /// Free for programs.
    pub available: u64,
    /// Resident memory of the service.
    pub service: u64,
}

/// Space in bytes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Space {
    /// The output folder.
    pub path: String,
    /// Size of its file system; null if it cannot be asked.
    pub total: Option<u64>,
    /// Free for the service.
    pub available: Option<u64>,
}

/// A drive in one line.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DriveSummary {
    /// Id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// State.
    pub state: String,
    /// Reason.
    pub reason: Option<String>,
    /// Label of the disc in it.
    pub label: Option<String>,
    /// The job that reads it.
    pub job_uuid: Option<String>,
}

impl From<Disk> for DriveSummary {
    fn from(disk: Disk) -> Self {
        let label = disk.media.map(|media| media.label);
        Self { id: disk.id, name: disk.name, state: disk.state, reason: disk.reason, label, job_uuid: disk.job_uuid }
    }
}

/// The process answers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Live {
    /// Always `alive`.
    pub status: String,
}

/// Whether the service can do its work, measured now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Ready {
    /// `ready` or `not_ready`.
    pub status: String,
    /// Parts without which nothing works, and what is wrong with them.
    pub failing: Vec<String>,
    /// Drives, jobs and integrations that are being restarted: the rest works.
    pub degraded: Vec<String>,
    /// Whether the database answers; its error if not.
    pub database: String,
    /// The supervision tree; null if it did not answer.
    #[schema(value_type = Object)]
    pub tree: Option<serde_json::Value>,
}
