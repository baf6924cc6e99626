//! The kind `image`: where the image goes, what the worker is told, what its result means.

use crate::{
    bus::Journal,
    domain::{ids::IsoId, job::PauseReason, options::Verify},
    error::{Code, Problem},
    imaging::{Halt, ImagePaths, ImageResult, ImageTask, ReadOptions, WorkerTask},
    optical::DeviceAddress,
    storage::{self, StorageError, isos::IsoRecord, jobs::JobRecord},
};
use std::path::{Path, PathBuf};

use super::names;

/// Names tried for one image before giving up.
const MAX_CANDIDATES: u32 = 10_000;

/// Makes sure that the job has a final path that is its own, and remembers it before anything is written.
///
/// # Errors
/// Trouble with the folder or the database.
pub async fn reserve_path(journal: &Journal, job: &JobRecord) -> Result<JobRecord, Problem> {
    if job.output_path.is_some() {
        return Ok(job.clone());
    }
    let name = job.requested_name.clone().unwrap_or_else(|| names::name_from_label(&job.disk_label));
    let folder = PathBuf::from(&job.output_dir);
    let mut attempt = 0;
    loop {
        let (free, at) = first_free(folder.clone(), name.clone(), attempt).await?;
        let (id, path) = (job.id, free.display().to_string());
        let reserve = journal.commit(move |tx| {
            let mut job = storage::jobs::get(tx.conn, id)?;
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
            .find(|(path, _)| !names::is_taken(&ImagePaths::new(path)))
            .ok_or_else(|| {
                Problem::new(
                    Code::NameTaken,
                    format!("{name}.iso and {MAX_CANDIDATES} variants of it exist in {}", folder.display()),
                )
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
    let (Some(medium), Some(path)) = (job.medium.clone(), &job.output_path) else { return Err(incomplete()) };
    let defaults = ReadOptions::default();
    let both = job.options.get("verify").and_then(serde_json::Value::as_bool).unwrap_or_default();
    let verify = if both { Verify::Both } else { Verify::None };
    let retries = job
        .options
        .get("retries")
        .and_then(serde_json::Value::as_u64)
        .and_then(|n| u32::try_from(n).ok())
        .unwrap_or(defaults.retries);
    let options = ReadOptions { verify, retries, keep_map: true, ..defaults };
    Ok(WorkerTask::Image(ImageTask::new(device, medium, ImagePaths::new(Path::new(path)), options)))
}

/// A damaged image that is tried again becomes a `.part` again. An image that is not in the catalogue yet was only just
/// finished: the worker reports that one again. Safe to repeat.
///
/// # Errors
/// That of the file system or the database.
pub async fn reopen(journal: &Journal, job: &JobRecord) -> Result<(), Problem> {
    let (Some(path), id) = (&job.output_path, job.id) else { return Ok(()) };
    let known =
        journal.db.read(move |conn| storage::isos::by_job(conn, id)).await.map_err(|error| super::commit::problem(&error))?;
    if known.is_none_or(|iso| iso.verdict.is_good()) {
        return Ok(());
    }
    let paths = ImagePaths::new(Path::new(path));
    let rename =
        move || if paths.image.exists() && !paths.part.exists() { std::fs::rename(&paths.image, &paths.part) } else { Ok(()) };
    tokio::task::spawn_blocking(rename)
        .await
        .map_err(|error| Problem::new(Code::Internal, error.to_string()))?
        .map_err(|error| Problem::new(Code::StorageFailed, format!("{path}: {error}")))
}

/// Removes the map of a good image whose job is recorded as completed. A crash before leaves it behind, which harms nothing.
/// Blocks.
pub fn discard_map(job: &JobRecord) {
    if let Some(path) = &job.output_path {
        // Nothing depends on it any more.
        let _ = std::fs::remove_file(ImagePaths::new(Path::new(path)).map);
    }
}

/// The catalogue's entry for a result.
pub fn catalogue_entry(job: &JobRecord, result: &ImageResult, id: IsoId, now: chrono::DateTime<chrono::Utc>) -> IsoRecord {
    let good = result.judgement.verdict.is_good();
    let map = job.output_path.as_ref().map(|path| ImagePaths::new(Path::new(path)).map.display().to_string());
    IsoRecord {
        id,
        job_id: Some(job.id),
        filename: result.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        filepath: result.path.display().to_string(),
        map_path: map.filter(|_| !good),
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
