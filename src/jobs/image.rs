//! The kinds `image` and `scan`: where the image goes, what the worker is told, what its result means.

use super::names;
use crate::{
    bus::Journal,
    domain::{
        disc::Medium,
        ids::IsoId,
        job::{Decision, PauseReason},
        options::{JobOptions, Mode},
        plan::{self, Plan},
        result::{FileRole, ImageDetails},
    },
    error::{Code, Problem},
    imaging::{CdTask, Halt, ImagePaths, ImageResult, ImageTask, ReadOptions, ScanTask, WorkerTask},
    optical::DeviceAddress,
    storage::{
        self, StorageError,
        isos::IsoRecord,
        jobs::{JobKind, JobRecord},
    },
};
use std::path::{Path, PathBuf};

/// Names tried for one image before giving up.
const MAX_CANDIDATES: u32 = 10_000;

/// Options in force. Rows of the first version are understood; a damaged one means the program's defaults.
pub fn options(job: &JobRecord) -> JobOptions {
    serde_json::from_value(job.options.clone()).unwrap_or_else(|error| {
        tracing::error!(job = %job.id, %error, "the job's stored options are damaged; defaults are used");
        JobOptions::default()
    })
}

/// What becomes of this disc in this job.
pub fn plan_for(job: &JobRecord, medium: &Medium) -> Plan {
    plan::plan(Mode::parse(&job.mode).unwrap_or_default(), medium, &options(job))
}

fn is_folder(job: &JobRecord) -> bool {
    job.medium.as_ref().is_some_and(|medium| matches!(plan_for(job, medium), Plan::Cd { .. }))
}

/// The files of the job's image, once its name is chosen.
pub fn paths(job: &JobRecord) -> Option<ImagePaths> {
    let path = Path::new(job.output_path.as_ref()?);
    if is_folder(job) {
        Some(ImagePaths::folder(path.parent()?, path.file_name()?.to_str()?))
    } else {
        Some(ImagePaths::new(path))
    }
}

/// The sector map of a job's image, if it has one: raw CDs have none.
pub fn map_file(job: &JobRecord) -> Option<PathBuf> {
    paths(job).filter(|_| !is_folder(job)).map(|paths| paths.map)
}

/// Where the data of a job's image is now, finished or not, if it is one of 2048-byte sectors. Looks at the disk.
pub fn image_file(job: &JobRecord) -> Option<PathBuf> {
    let paths = paths(job).filter(|_| !is_folder(job))?;
    Some(if paths.part.exists() { paths.part } else { paths.image })
}

/// Makes sure that the job has a final path that is its own, and remembers it before anything is written.
///
/// # Errors
/// Trouble with the folder or the database.
pub async fn reserve_path(journal: &Journal, job: &JobRecord) -> Result<JobRecord, Problem> {
    if job.output_path.is_some() || job.kind == JobKind::Scan {
        return Ok(job.clone());
    }
    let set = is_folder(job);
    let name = job.requested_name.clone().unwrap_or_else(|| names::name_from_label(&job.disk_label));
    let folder = PathBuf::from(&job.output_dir);
    let mut attempt = 0;
    loop {
        let (free, at) = first_free(folder.clone(), name.clone(), attempt).await?;
        let path = if set { free.display().to_string() } else { format!("{}.iso", free.display()) };
        let (id, other) = (job.id, if set { format!("{path}.iso") } else { free.display().to_string() });
        let reserve = journal.commit(move |tx| {
            let mut job = storage::jobs::get(tx.conn, id)?;
            // The files beside an image have the same names, whether it is a file or a folder.
            if storage::jobs::is_reserved(tx.conn, &other)? {
                return Err(StorageError::Unique("output_path".to_owned()));
            }
            job.output_path = Some(path);
            job.updated_at = tx.now;
            storage::jobs::update(tx.conn, &job)?;
            storage::jobs::get(tx.conn, id)
        });
        match reserve.await {
            Ok(job) => return Ok(job),
            // Another job has reserved this name and not written yet.
            Err(StorageError::Unique(_)) if at < MAX_CANDIDATES => attempt = at + 1,
            Err(error) => return Err(super::commit::problem(&error)),
        }
    }
}

async fn first_free(folder: PathBuf, name: String, from: u32) -> Result<(PathBuf, u32), Problem> {
    let search = tokio::task::spawn_blocking(move || {
        std::fs::create_dir_all(&folder)
            .map_err(|error| Problem::new(Code::StorageFailed, format!("{}: {error}", folder.display())))?;
        (from..MAX_CANDIDATES)
            .map(|attempt| (names::candidate(&folder, &name, attempt), attempt))
            .find(|(path, _)| !names::is_taken(path))
            .ok_or_else(|| {
                Problem::new(Code::NameTaken, format!("{name} and {MAX_CANDIDATES} variants of it exist in {}", folder.display()))
            })
    });
    search.await.map_err(|error| Problem::new(Code::Internal, error.to_string()))?
}

/// What the worker is told.
///
/// # Errors
/// `internal` if the job was started without its disc being known, which the dispatcher never does.
pub fn task(job: &JobRecord, device: DeviceAddress) -> Result<WorkerTask, Problem> {
    let incomplete = || Problem::new(Code::Internal, "the job was started before its disc and its path were known");
    let Some(mut medium) = job.medium.clone() else { return Err(incomplete()) };
    let wishes = options(job);
    let planned = plan_for(job, &medium);
    let mut options = read_options(&wishes, job.decision);
    let paths = || paths(job).ok_or_else(incomplete);
    Ok(match planned {
        Plan::Iso { every_sector, rescue_first } => {
            if every_sector {
                medium.size = plan::every_sector(&medium.size);
            }
            options.rescue_first = rescue_first;
            WorkerTask::Image(ImageTask::new(device, medium, paths()?, options))
        }
        Plan::Cd { format, clone, .. } => {
            let read_offset = wishes.read_offset.unwrap_or(0);
            WorkerTask::Cd(CdTask { device, medium, paths: paths()?, options, format, clone, read_offset })
        }
        Plan::Scan => WorkerTask::Scan(ScanTask { device, medium, options }),
        Plan::Refused(refusal) => return Err(super::create::refused(&job.device, refusal)),
    })
}

/// What the worker is told about how to read. A decision about missing sectors goes over what was asked for at first.
fn read_options(wishes: &JobOptions, decision: Option<Decision>) -> ReadOptions {
    let defaults = ReadOptions::default();
    let retries = wishes.retries.unwrap_or(defaults.retries);
    let again = matches!(decision, Some(Decision::Retry | Decision::OtherDrive));
    ReadOptions {
        verify: wishes.verify.unwrap_or_default(),
        // Whoever wants another try wants what is missing to be read again.
        retries: if again { retries.max(1) } else { retries },
        again,
        keep_map: true,
        engine: wishes.engine.unwrap_or_default(),
        rescue: wishes.rescue.unwrap_or(defaults.rescue),
        block_sectors: wishes.block_sectors,
        speed_kbps: wishes.speed_kbps,
        hashes: wishes.hashes.clone().unwrap_or_default(),
        max_bad_sectors: wishes.max_bad_sectors,
        rescue_seconds: wishes.rescue_seconds,
        on_loss: wishes.on_loss.unwrap_or_default(),
        accept_loss: decision == Some(Decision::Accept),
        ..defaults
    }
}

/// A damaged image that is tried again becomes a `.part` again. An image that is not in the catalogue yet was only just
/// finished: the worker reports that one again. Safe to repeat.
///
/// # Errors
/// That of the file system or the database.
pub async fn reopen(journal: &Journal, job: &JobRecord) -> Result<(), Problem> {
    let (Some(path), Some(paths), id) = (&job.output_path, paths(job), job.id) else { return Ok(()) };
    let known =
        journal.db.read(move |conn| storage::isos::by_job(conn, id)).await.map_err(|error| super::commit::problem(&error))?;
    if known.is_none_or(|iso| iso.verdict.is_good()) {
        return Ok(());
    }
    let rename =
        move || if paths.image.exists() && !paths.part.exists() { std::fs::rename(&paths.image, &paths.part) } else { Ok(()) };
    tokio::task::spawn_blocking(rename)
        .await
        .map_err(|error| Problem::new(Code::Internal, error.to_string()))?
        .map_err(|error| Problem::new(Code::StorageFailed, format!("{path}: {error}")))
}

/// Removes the map of a good image whose job is recorded as completed, unless it was asked for. A crash before leaves it behind,
/// which harms nothing. Blocks.
pub fn discard_map(job: &JobRecord) {
    if let Some(paths) = paths(job).filter(|_| !keeps_map(job)) {
        // Nothing depends on it any more.
        let _ = std::fs::remove_file(paths.map);
    }
}

/// The journal of a raw CD is of no use to anybody once its result is recorded.
fn keeps_map(job: &JobRecord) -> bool {
    options(job).keep_map == Some(true) && !is_folder(job)
}

/// The map of a good image is removed once its job is recorded: it is none of the image's files then.
pub fn leave_out_what_goes(job: &JobRecord, result: &ImageResult, details: &mut ImageDetails) {
    if result.judgement.verdict.is_good() && !keeps_map(job) {
        details.files.retain(|file| file.role != FileRole::Map);
    }
}

/// The catalogue's entry for a result.
pub fn catalogue_entry(job: &JobRecord, result: &ImageResult, id: IsoId, now: chrono::DateTime<chrono::Utc>) -> IsoRecord {
    let good = result.judgement.verdict.is_good();
    let map = paths(job).map(|paths| paths.map.display().to_string());
    IsoRecord {
        id,
        mode: job.mode.clone(),
        job_id: Some(job.id),
        filename: result.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        filepath: result.path.display().to_string(),
        map_path: map.filter(|_| !good || keeps_map(job)),
        size: result.size,
        md5sum: Some(result.hashes.md5.clone()),
        sha256sum: Some(result.hashes.sha256.clone()),
        disk_type: job.disk_type.clone(),
        disk_label: job.disk_label.clone(),
        fingerprint: job.fingerprint.clone(),
        medium: job.medium.clone(),
        verdict: result.judgement.verdict,
        reasons: serde_json::json!(result.judgement.reasons),
        bad_sectors: result.judgement.bad_sectors,
        created_at: now,
        verified_at: None,
        verify_ok: None,
        trashed_at: None,
    }
}

/// Why the image has its form, where the worker did not say.
pub fn form(job: &JobRecord) -> Option<String> {
    match plan_for(job, job.medium.as_ref()?) {
        Plan::Cd { form, .. } => Some(form.as_str().to_owned()),
        Plan::Iso { .. } | Plan::Scan | Plan::Refused(_) => None,
    }
}

/// What a halt means for the job, and the sentence that says what to do.
pub fn halted(halt: &Halt, job: &JobRecord) -> (PauseReason, String) {
    let label = if job.disk_label.is_empty() { "the disc" } else { &job.disk_label };
    match halt {
        Halt::NoSpace { missing } => {
            let mebibytes = missing.div_ceil(1 << 20);
            (
                PauseReason::NoSpace,
                format!("{mebibytes} MiB ({missing} bytes) are missing in {}; it goes on when there is room", job.output_dir),
            )
        }
        Halt::MediumRemoved => {
            (PauseReason::MediumRemoved, format!("{label} was taken out of {}; insert it again and it goes on", job.device))
        }
        Halt::WrongDisc { .. } => {
            (PauseReason::MediumRemoved, format!("{} holds another disc; insert {label} and it goes on", job.device))
        }
        Halt::Loss { bad_sectors } => {
            (PauseReason::Loss, format!("{bad_sectors} sectors of {label} are unreadable; accept the loss, or try again"))
        }
        Halt::DriveGone => {
            (PauseReason::DriveGone, format!("{} is gone; it goes on when the drive is back with {label}", job.device))
        }
    }
}
