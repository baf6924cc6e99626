//! Records for tests.

use chrono::{DateTime, TimeZone, Utc};
use disk2iso::{
    domain::{
        disc::{DiscKind, Fingerprint, MediaProfile, Medium, SizeClaims},
        drive::Drive,
        ids::{DriveId, IsoId, JobId},
        job::JobState,
        progress::Progress,
        verdict::Verdict,
    },
    storage::{
        drives::{DriveKind, DriveRecord},
        isos::IsoRecord,
        jobs::{JobKind, JobOrigin, JobRecord},
    },
};
use serde_json::json;
use uuid::Uuid;

/// A time: minute `n` of 2026.
pub fn minute(n: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).unwrap() + chrono::TimeDelta::minutes(n)
}

pub fn medium(label: &str) -> Medium {
    let profile = MediaProfile::DVD_ROM;
    let size = SizeClaims { read_capacity: Some(1000), iso9660: Some(990), ..SizeClaims::default() }.reconcile(profile);
    Medium::new(label.to_owned(), DiscKind::DataDvd, profile, Fingerprint("f".repeat(32)), size)
}

/// A queued job of a person, without a disc, created at minute 0.
pub fn job(label: &str) -> JobRecord {
    JobRecord {
        id: JobId(Uuid::now_v7()),
        kind: JobKind::Image,
        mode: "standard".to_owned(),
        origin: JobOrigin::Person,
        options: json!({}),
        priority: 0,
        position: minute(0).timestamp_micros(),
        device: "/dev/sr0".to_owned(),
        drive_id: Some(DriveId::new("bus-1")),
        media_session: Some(1),
        medium: None,
        fingerprint: None,
        disk_label: label.to_owned(),
        disk_type: "data_dvd".to_owned(),
        iso_id: None,
        requested_name: None,
        output_dir: "/srv/images".to_owned(),
        output_path: None,
        state: JobState::Queued,
        message: None,
        error_code: None,
        attempts: 0,
        decision: None,
        progress: Progress::default(),
        md5: None,
        sha256: None,
        lease_owner: None,
        lease_until: None,
        created_at: minute(0),
        started_at: None,
        completed_at: None,
        updated_at: minute(0),
        revision: 0,
    }
}

/// A complete image, of no job, entered at minute 0.
pub fn iso(filename: &str) -> IsoRecord {
    IsoRecord {
        id: IsoId(Uuid::now_v7()),
        job_id: None,
        mode: "standard".to_owned(),
        filename: filename.to_owned(),
        filepath: format!("/srv/images/{filename}"),
        map_path: None,
        size: 2_048_000,
        md5sum: None,
        sha256sum: None,
        disk_type: "data_dvd".to_owned(),
        disk_label: String::new(),
        fingerprint: None,
        medium: None,
        verdict: Verdict::Complete,
        reasons: json!([]),
        bad_sectors: 0,
        created_at: minute(0),
        verified_at: None,
        verify_ok: None,
        trashed_at: None,
    }
}

pub fn drive(id: &str) -> DriveRecord {
    DriveRecord {
        id: DriveId::new(id),
        kind: DriveKind::Scsi,
        path: "/dev/sr0".to_owned(),
        name: "upper drive".to_owned(),
        identity: json!({ "vendor": "ACME" }),
        drive: Drive::default(),
        medium: None,
        created_at: minute(0),
        updated_at: minute(0),
        seen_at: minute(0),
    }
}
