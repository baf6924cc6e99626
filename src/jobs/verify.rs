//! The kind `verify`: a stored image is read back and compared with its hashes.

use crate::{
    bus::Journal,
    domain::verdict::Verdict,
    error::{Code, Problem},
    imaging::{ImageHashes, VerifyTask, WorkerTask},
    storage::{self, isos::IsoRecord, jobs::JobRecord},
};
use std::path::PathBuf;

/// The image that the job is about.
///
/// # Errors
/// `iso_unknown` if it was deleted meanwhile.
pub async fn image(journal: &Journal, job: &JobRecord) -> Result<IsoRecord, Problem> {
    let unknown = || Problem::new(Code::IsoUnknown, "the image was deleted from the catalogue");
    let id = job.iso_id.ok_or_else(unknown)?;
    journal.db.read(move |conn| storage::isos::get(conn, id)).await.map_err(|error| match error {
        storage::StorageError::NotFound => unknown(),
        other => super::commit::problem(&other),
    })
}

/// What the worker is told.
pub fn task(iso: &IsoRecord) -> WorkerTask {
    WorkerTask::VerifyImage(VerifyTask { image: PathBuf::from(&iso.filepath) })
}

/// Whether the image is what it was; the sentence says it for people.
pub fn compare(iso: &IsoRecord, hashes: &ImageHashes) -> (Verdict, String) {
    let same = iso.size == hashes.bytes
        && iso.md5sum.as_deref() == Some(&hashes.md5)
        && iso.sha256sum.as_deref() == Some(&hashes.sha256);
    if same {
        (Verdict::Complete, format!("{} is unchanged", iso.filename))
    } else {
        (
            Verdict::Failed,
            format!(
                "{} is not what was stored: SHA-256 {} instead of {}",
                iso.filename,
                hashes.sha256,
                iso.sha256sum.as_deref().unwrap_or("none")
            ),
        )
    }
}
