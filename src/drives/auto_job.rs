//! The job that a drive creates by itself when a disc arrives.

use super::actor::DriveDeps;
use crate::{
    domain::{disc::Medium, drive::Drive, ids::JobId},
    storage::jobs::{JobKind, JobOrigin, JobRecord},
};

use super::registry::DriveSnapshot;

/// An image job for this medium in this media session; a session never gets two (unique in the database).
pub fn auto_job(deps: &DriveDeps, drive: &DriveSnapshot, next: &Drive, medium: &Medium) -> JobRecord {
    let settings = deps.settings.get();
    let mut job = JobRecord::new(JobId(deps.journal.clock.new_id()), JobKind::Image, JobOrigin::Auto, deps.journal.clock.now());
    job.device = drive.path();
    job.drive_id = Some(drive.id.clone());
    job.media_session = Some(next.session);
    job.fingerprint = Some(medium.fingerprint.clone());
    job.disk_label.clone_from(&medium.label);
    medium.kind.as_str().clone_into(&mut job.disk_type);
    job.medium = Some(medium.clone());
    drive.settings.mode.as_str().clone_into(&mut job.mode);
    let options = drive.settings.job_defaults();
    let verify = options.verify.is_none();
    job.options = serde_json::json!(options);
    if verify {
        job.options["verify"] = settings.verify.into();
    }
    job.output_dir = deps.output_dir.display().to_string();
    job.progress.size_total = medium.size.sectors.saturating_mul(crate::domain::ids::SECTOR);
    job
}
