//! A drive.

use super::{DiskSettings, DiskStatistics, ReadElsewhereBody, word};
use crate::{
    domain::{bridge, disc::Medium, drive::DriveState, ids::SECTOR},
    drives::DriveSnapshot,
};
use serde::Serialize;
use utoipa::ToSchema;

/// What kind of drive it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiskType {
    /// A real one.
    Scsi,
    /// A folder that behaves like one.
    Virtual,
}

/// An optical drive and what lies in it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "virtual-a", "path": "/srv/drives/a", "type": "virtual", "name": "Drive a", "state": "idle", "reason": "ready",
    "media": { "session": 3, "label": "PHOTOS 2004", "kind": "data_dvd", "size": 4_700_372_992_i64,
        "fingerprint": "9f86d081884c7d659a2feaa0c55ad015", "profile": 16 },
    "detail": null, "job_uuid": null, "verdict": null, "session": 3, "bridge": null,
    "settings": { "name": null, "enabled": true, "auto": null, "mode": "standard", "options": { "retries": 3 },
        "read_offset": 6, "speed_kbps": null, "quirks": [] },
    "identity": { "vendor": "disk2iso", "model": "virtual", "firmware": "1", "serial": "" }
}))]
pub struct Disk {
    /// Lasting id.
    pub id: String,
    /// Device node, or the virtual drive's folder.
    pub path: String,
    /// `scsi` or `virtual`.
    #[serde(rename = "type")]
    pub kind: DiskType,
    /// Name for people.
    pub name: String,
    /// One of the eleven states, for example `waiting_for_media` or `copying`.
    pub state: String,
    /// Why it is in that state, where the state alone does not say it.
    pub reason: Option<String>,
    /// More about the reason, for people; for example who uses the disc.
    pub detail: Option<String>,
    /// The disc, once it was identified.
    pub media: Option<Media>,
    /// The job that reads it now.
    pub job_uuid: Option<String>,
    /// How the last job on this disc ended (state `completed`).
    pub verdict: Option<String>,
    /// Number of discs that were seen to arrive so far.
    pub session: u64,
    /// What the drive says about itself.
    pub identity: Identity,
    /// The USB bridge that it is behind; null for drives that are not.
    pub bridge: Option<Bridge>,
    /// What people set for it.
    pub settings: DiskSettings,
}

/// A drive with everything that is known about it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DiskDetails {
    /// The drive.
    #[serde(flatten)]
    pub disk: Disk,
    /// What it has done in its life.
    pub statistics: DiskStatistics,
    /// Discs that it has failed and another drive has read, newest first; at most 50.
    pub read_elsewhere: Vec<ReadElsewhereBody>,
}

/// A USB bridge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({ "id": "13fd:3940", "name": "External", "known": "bad", "advice": "if it resets …" }))]
pub struct Bridge {
    /// Numbers of vendor and product.
    pub id: String,
    /// What it calls itself.
    pub name: String,
    /// What is known of it: `good`, `bad`, `unknown`.
    pub known: String,
    /// What to do about it.
    pub advice: Option<String>,
}

impl From<&bridge::Bridge> for Bridge {
    fn from(bridge: &bridge::Bridge) -> Self {
        Self {
            id: bridge.id(),
            name: bridge.name.clone(),
            known: word(&bridge.fame()).unwrap_or_default(),
            advice: bridge.advice(),
        }
    }
}

/// A disc in a drive.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Media {
    /// Number of this insertion in this drive.
    pub session: u64,
    /// Volume label; empty if it has none.
    pub label: String,
    /// For example `data_cd`, `dvd_video`, `audio_cd`.
    pub kind: String,
    /// Bytes.
    pub size: u64,
    /// Identity of the disc, the same in every drive.
    pub fingerprint: String,
    /// MMC profile number.
    pub profile: u16,
}

/// What a drive says about itself; empty strings if unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Identity {
    /// Manufacturer.
    pub vendor: String,
    /// Model.
    pub model: String,
    /// Firmware revision.
    pub firmware: String,
    /// Serial number.
    pub serial: String,
}

impl From<&DriveSnapshot> for Disk {
    fn from(drive: &DriveSnapshot) -> Self {
        let state = &drive.drive.state;
        let verdict = match state {
            DriveState::Completed { verdict } => Some(verdict.as_str().to_owned()),
            _ => None,
        };
        let identity = Identity {
            vendor: drive.identity.vendor.clone(),
            model: drive.identity.model.clone(),
            firmware: drive.identity.firmware.clone(),
            serial: drive.identity.serial.clone(),
        };
        Self {
            id: drive.id.to_string(),
            path: drive.path(),
            kind: if drive.is_virtual() { DiskType::Virtual } else { DiskType::Scsi },
            name: drive.name.clone(),
            state: state.name().to_owned(),
            reason: state.reason().and_then(|reason| word(&reason)),
            detail: drive.detail.clone(),
            media: drive.medium.as_ref().map(|medium| Media::new(medium, drive.drive.session)),
            job_uuid: drive.job().map(|job| job.to_string()),
            verdict,
            session: drive.drive.session,
            identity,
            bridge: drive.bridge.as_ref().map(Bridge::from),
            settings: DiskSettings::from(&drive.settings),
        }
    }
}

impl Media {
    fn new(medium: &Medium, session: u64) -> Self {
        Self {
            session,
            label: medium.label.clone(),
            kind: medium.kind.as_str().to_owned(),
            size: medium.size.sectors.saturating_mul(SECTOR),
            fingerprint: medium.fingerprint.to_string(),
            profile: medium.profile.0,
        }
    }
}
