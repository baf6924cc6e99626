//! New jobs: checking what people ask for.

use super::{
    image,
    messages::{CreateJob, VerifyIso},
    names, verify,
};
use crate::{
    bus::Journal,
    domain::{
        event::{Level, NewEvent},
        ids::{JobId, SECTOR},
        options::{JobOptions, Mode},
        plan::{Plan, Refusal},
    },
    drives::{DriveRegistry, DriveSnapshot},
    error::{Code, Problem},
    storage::{
        self,
        jobs::{JobKind, JobOrigin, JobRecord},
    },
};
use std::path::PathBuf;

/// Checks the request and writes the job.
///
/// # Errors
/// A problem that names the field; nothing is changed then.
pub async fn image_job(
    journal: &Journal,
    registry: &DriveRegistry,
    roots: &[PathBuf],
    request: &CreateJob,
) -> Result<JobRecord, Problem> {
    let drive = find_drive(registry, &request.device)?;
    let mode = wished_mode(request.mode.as_deref(), drive.settings.mode)?;
    check_priority(request.priority)?;
    check_options(&request.options)?;
    let name = request.filename.as_deref().map(names::wished_name).transpose()?;
    let roots = roots.to_vec();
    let wish = request.output_path.clone().unwrap_or_default();
    // Resolving symlinks touches the disk.
    let folder = tokio::task::spawn_blocking(move || names::wished_folder(&wish, &roots))
        .await
        .map_err(|error| Problem::new(Code::Internal, error.to_string()))??;
    let kind = if mode == Mode::Scan { JobKind::Scan } else { JobKind::Image };
    let mut job = JobRecord::new(JobId(journal.clock.new_id()), kind, JobOrigin::Person, journal.clock.now());
    mode.as_str().clone_into(&mut job.mode);
    job.priority = request.priority;
    job.options = stored_options(&request.options.clone().or(&drive.settings.job_defaults()))?;
    job.requested_name = name;
    job.output_dir = folder.display().to_string();
    job.device = drive.path();
    job.drive_id = Some(drive.id.clone());
    bind_medium(&mut job, &drive)?;
    insert(journal, job, request.by.clone()).await
}

/// Takes over what is known of the disc in the drive; a disc of which nothing can be made in the job's mode is refused.
///
/// # Errors
/// `disc_unsupported`, or `invalid_field` if the options are to blame.
pub fn bind_medium(job: &mut JobRecord, drive: &DriveSnapshot) -> Result<(), Problem> {
    let Some(medium) = &drive.medium else { return Ok(()) };
    if let Plan::Refused(refusal) = image::plan_for(job, medium) {
        return Err(refused(&drive.name, refusal));
    }
    job.media_session = Some(drive.drive.session);
    job.fingerprint = Some(medium.fingerprint.clone());
    job.disk_label.clone_from(&medium.label);
    medium.kind.as_str().clone_into(&mut job.disk_type);
    job.progress.size_total = medium.size.sectors.saturating_mul(SECTOR);
    job.medium = Some(medium.clone());
    Ok(())
}

/// A job that compares a stored image with its hashes.
///
/// # Errors
/// `iso_unknown`.
pub async fn verify_job(journal: &Journal, VerifyIso(id): VerifyIso) -> Result<JobRecord, Problem> {
    let read = journal.db.read(move |conn| Ok((storage::isos::get(conn, id)?, storage::isos::facts(conn, id)?)));
    let (iso, facts) = read.await.map_err(|error| match error {
        storage::StorageError::NotFound => Problem::new(Code::IsoUnknown, Code::IsoUnknown.title()),
        other => super::commit::problem(&other),
    })?;
    let mut job = JobRecord::new(JobId(journal.clock.new_id()), JobKind::Verify, JobOrigin::Person, journal.clock.now());
    let size = verify::files(&iso, &facts).iter().map(verify::Stored::size).fold(0, u64::saturating_add);
    job.iso_id = Some(iso.id);
    job.disk_label = iso.disk_label;
    job.disk_type = iso.disk_type;
    job.progress.size_total = size;
    job.device = String::new();
    insert(journal, job, None).await
}

async fn insert(journal: &Journal, job: JobRecord, by: Option<String>) -> Result<JobRecord, Problem> {
    let store = journal.commit(move |tx| {
        storage::jobs::insert(tx.conn, &job)?;
        let what = if job.disk_label.is_empty() { job.device.clone() } else { job.disk_label.clone() };
        let mut event = NewEvent::new("job.created", Level::Info, format!("Job for {what} was created")).job(job.id);
        event.drive_id.clone_from(&job.drive_id);
        event.iso_id = job.iso_id;
        if let Some(by) = by {
            event.payload = serde_json::json!({ "by": by });
        }
        tx.event(&event)?;
        storage::jobs::get(tx.conn, job.id)
    });
    store.await.map_err(|error| super::commit::problem(&error))
}

/// The drive that people call so.
///
/// # Errors
/// `not_a_drive` about `device`.
pub fn find_drive(registry: &DriveRegistry, device: &str) -> Result<DriveSnapshot, Problem> {
    registry.find(device).ok_or_else(|| {
        let known = registry.all().iter().map(|drive| drive.path()).collect::<Vec<_>>().join(", ");
        let hint = if known.is_empty() { "no drive is connected".to_owned() } else { format!("drives: {known}") };
        Problem::new(Code::NotADrive, format!("{device:?} is not an optical drive of this service; {hint}")).about("device")
    })
}

/// Why nothing can be done with the disc in this drive.
pub fn refused(drive: &str, refusal: Refusal) -> Problem {
    let detail = format!("{drive}: {}", refusal.sentence());
    if refusal.about_engine() {
        Problem::field("options.engine", detail)
    } else {
        Problem::new(Code::DiscUnsupported, detail).about("device")
    }
}

/// The mode that was asked for, or the one that the drive is set to.
fn wished_mode(mode: Option<&str>, default: Mode) -> Result<Mode, Problem> {
    let Some(mode) = mode else { return Ok(default) };
    Mode::parse(mode).ok_or_else(|| {
        let allowed = Mode::ALL.map(Mode::as_str).join(", ");
        Problem::field("mode", format!("{mode:?} is not allowed; allowed: {allowed}"))
    })
}

/// Checks ranges.
///
/// # Errors
/// A problem about `options.FIELD`.
pub fn check_options(options: &JobOptions) -> Result<(), Problem> {
    options.validate().map_err(|(field, detail)| Problem::field(&format!("options.{field}"), detail))
}

/// Options as they are stored with a job.
///
/// # Errors
/// `internal`, which cannot happen.
pub fn stored_options(options: &JobOptions) -> Result<serde_json::Value, Problem> {
    serde_json::to_value(options).map_err(|error| Problem::new(Code::Internal, error.to_string()))
}

/// -100 to 100.
///
/// # Errors
/// A problem about the field `priority`.
pub fn check_priority(priority: i32) -> Result<(), Problem> {
    if (-100..=100).contains(&priority) {
        Ok(())
    } else {
        Err(Problem::field("priority", format!("{priority} is not allowed; -100 to 100")))
    }
}
