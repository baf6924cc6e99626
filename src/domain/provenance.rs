//! Where an image comes from: who wanted it, which drives read it, when and how. Stored with the image and written beside it.

use super::{options::JobOptions, verdict::VerifyEvidence};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A drive that had a part in an image, as it told about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DriveFacts {
    /// Id in this service.
    pub id: String,
    /// Device node or folder.
    pub path: String,
    /// Name that people gave it.
    pub name: String,
    /// Manufacturer.
    pub vendor: String,
    /// Model.
    pub model: String,
    /// Firmware revision.
    pub firmware: String,
    /// Serial number.
    pub serial: String,
}

/// Everything about the making of an image that neither the image nor the disc tells. Every field has a default, because rows of
/// earlier versions have none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// Version of this program.
    pub version: String,
    /// Host that made it.
    pub host: String,
    /// `automatic`, `person`, or the name of the client that asked, where it is known.
    pub operator: String,
    /// Drives that had a part in it, in the order in which they began; the last one finished it.
    pub drives: Vec<DriveFacts>,
    /// When its job was created.
    pub created_at: Option<DateTime<Utc>>,
    /// When its job first began to read.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was entered into the catalogue.
    pub finished_at: Option<DateTime<Utc>>,
    /// Seconds that the last run took.
    pub seconds: f64,
    /// Bytes per second that were read in it.
    pub bytes_per_second: f64,
    /// Sectors the medium has.
    pub sectors_total: u64,
    /// Options in force.
    pub options: JobOptions,
    /// What was compared.
    pub verify: VerifyEvidence,
    /// A person has accepted that sectors are missing.
    pub loss_accepted: bool,
}
