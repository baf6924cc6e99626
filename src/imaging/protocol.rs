//! What the service and its `read-worker` child process tell each other.
//!
//! The task goes to the child as one JSON document on its standard input; the child answers with one JSON document per line
//! on standard output. SIGTERM asks it to stop: it finishes the command under way, makes what it has durable and says `done`.

use crate::{
    domain::{
        disc::{Fingerprint, Medium},
        ids::Lba,
        job::Phase,
        verdict::{Judgement, VerifyEvidence},
    },
    optical::{DeviceAddress, Sense},
};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What a worker shall do.
#[allow(clippy::large_enum_variant, reason = "there is one per process")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "task")]
pub enum WorkerTask {
    /// Make (or go on with) an image of a disc.
    Image(ImageTask),
    /// Read a stored image back and compute its hashes.
    VerifyImage(VerifyTask),
}

/// One image to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageTask {
    /// The drive.
    pub device: DeviceAddress,
    /// The medium that must lie in it; anything else is refused.
    pub medium: Medium,
    /// Where the image goes.
    pub paths: ImagePaths,
    /// How to read.
    pub options: ReadOptions,
}

/// One stored image to hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerifyTask {
    /// The image file.
    pub image: PathBuf,
}

/// The files of one image, all in one folder. `image` is the final name; nothing is ever overwritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImagePaths {
    /// `NAME.iso`
    pub image: PathBuf,
    /// `NAME.iso.part`: the image while it is not finished.
    pub part: PathBuf,
    /// `NAME.map`: the sector map as a GNU ddrescue mapfile.
    pub map: PathBuf,
}

impl ImagePaths {
    /// The files for an image of this final name.
    pub fn new(image: &Path) -> Self {
        let mut part = image.as_os_str().to_owned();
        part.push(".part");
        Self { image: image.to_owned(), part: part.into(), map: image.with_extension("map") }
    }
}

/// How to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadOptions {
    /// Read the finished image back from storage, and the disc a second time, and compare both.
    pub verify: bool,
    /// How often an unreadable sector is read again, one by one, after everything else was read. 0 to 100.
    pub retries: u32,
    /// Time limit of one read command in the first pass, milliseconds.
    pub read_timeout_ms: u64,
    /// Leave the map of a complete image, too: whoever asked removes it once the result is recorded, so that a crash in between
    /// costs no second reading of the disc.
    pub keep_map: bool,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { verify: false, retries: 1, read_timeout_ms: 10_000, keep_map: false }
    }
}

/// One line from the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum WorkerMessage {
    /// First line.
    Hello {
        /// Version of this program.
        version: String,
    },
    /// The worker enters another phase.
    Phase {
        /// Which.
        phase: Phase,
    },
    /// At most four a second, and only after something moved: silence means that a command does not return.
    Progress(WorkerProgress),
    /// Sectors that could not be read one by one.
    BadRange {
        /// First sector.
        start: Lba,
        /// Number of sectors.
        count: u64,
        /// What the drive said, if it said anything.
        sense: Option<Sense>,
    },
    /// Last line.
    Done(Outcome),
}

/// Where the worker stands. Numbers come from the sector map.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkerProgress {
    /// Bytes to do in this phase.
    pub size_total: u64,
    /// Bytes done in this phase (reading: bytes that were read, from the map).
    pub size_processed: u64,
    /// Bytes per second over the last few seconds.
    pub speed: f64,
    /// Sectors given up so far.
    pub bad_sectors: u64,
}

/// How a worker's task ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// The image is on disk under its name (or its `.part` name if incomplete), file and folder synced.
    Imaged(ImageResult),
    /// The stored image was hashed.
    Hashed(ImageHashes),
    /// Stopped on request; everything read so far is durable and in the map.
    Stopped,
    /// Cannot go on for now; everything read so far is durable and in the map.
    Halted(Halt),
    /// Went wrong for good.
    Failed {
        /// Stable code (see `error.rs`).
        code: String,
        /// What was attempted, on what, and what to do.
        message: String,
    },
}

/// Why a worker cannot go on for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "halt")]
pub enum Halt {
    /// The target file system is full.
    NoSpace {
        /// How many bytes are missing for this image.
        missing: u64,
    },
    /// The disc is not in the drive any more.
    MediumRemoved,
    /// Another disc is in the drive.
    WrongDisc {
        /// Its identity.
        found: Fingerprint,
    },
    /// The drive is gone.
    DriveGone,
}

/// Hashes over an image file, lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageHashes {
    /// MD5.
    pub md5: String,
    /// SHA-256.
    pub sha256: String,
    /// Number of bytes hashed.
    pub bytes: u64,
}

/// Everything about a finished image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageResult {
    /// Where it is.
    pub path: PathBuf,
    /// Length in bytes.
    pub size: u64,
    /// Sectors the medium has.
    pub sectors_total: u64,
    /// The verdict and its reasons.
    pub judgement: Judgement,
    /// What was compared.
    pub verify: VerifyEvidence,
    /// Hashes of the file.
    pub hashes: ImageHashes,
    /// Seconds this run took (a resumed job: since it went on).
    pub seconds: f64,
    /// Bytes read from the disc in this run, divided by `seconds`.
    pub bytes_per_second: f64,
}
