//! The kind `verify`: the files of a stored image are read back, one after the other, and compared with their hashes.

use crate::{
    bus::Journal,
    catalog::sidecar::{self, Place},
    domain::{
        options::HashKind,
        result::{FileRole, StoredFile},
        verdict::Verdict,
    },
    error::{Code, Problem},
    imaging::{ImageHashes, VerifyTask, WorkerTask},
    storage::{
        self,
        isos::{IsoFacts, IsoRecord},
        jobs::JobRecord,
    },
};
use std::path::{Path, PathBuf};

/// A file that is to be read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    path: PathBuf,
    file: StoredFile,
}

impl Stored {
    /// Its size in bytes as it was stored.
    pub fn size(&self) -> u64 {
        self.file.size
    }

    /// What the worker is told.
    pub fn task(&self) -> WorkerTask {
        WorkerTask::VerifyImage(VerifyTask { image: self.path.clone() })
    }

    /// Whether the file is what it was; the sentence says it for people.
    pub fn compare(&self, hashes: &ImageHashes) -> (Verdict, String) {
        let stored = |kind| self.file.hashes.get(&kind).map(String::as_str);
        let same = self.file.size == hashes.bytes
            && stored(HashKind::Md5) == Some(&hashes.md5)
            && stored(HashKind::Sha256) == Some(&hashes.sha256);
        let name = &self.file.name;
        if same {
            return (Verdict::Complete, format!("{name} is unchanged"));
        }
        let was = stored(HashKind::Sha256).unwrap_or("none");
        (Verdict::Failed, format!("{name} is not what was stored: SHA-256 {} instead of {was}", hashes.sha256))
    }
}

/// The image that the job is about, and its files. A map may change or go; it is not among them.
///
/// # Errors
/// `iso_unknown` if it was deleted meanwhile.
pub async fn image(journal: &Journal, job: &JobRecord) -> Result<(IsoRecord, Vec<Stored>), Problem> {
    let unknown = || Problem::new(Code::IsoUnknown, "the image was deleted from the catalogue");
    let id = job.iso_id.ok_or_else(unknown)?;
    let read = journal.db.read(move |conn| Ok((storage::isos::get(conn, id)?, storage::isos::facts(conn, id)?)));
    let (iso, facts) = read.await.map_err(|error| match error {
        storage::StorageError::NotFound => unknown(),
        other => super::commit::problem(&other),
    })?;
    let files = files(&iso, &facts);
    Ok((iso, files))
}

/// The files of an image that are compared.
pub fn files(iso: &IsoRecord, facts: &IsoFacts) -> Vec<Stored> {
    let place = Place::of(Path::new(&iso.filepath));
    let path = |name: &str| place.as_ref().map_or_else(|| PathBuf::from(&iso.filepath), |place| place.file(name));
    let files = sidecar::files(iso, facts).into_iter().filter(|file| file.role != FileRole::Map);
    files.map(|file| Stored { path: path(&file.name), file }).collect()
}
