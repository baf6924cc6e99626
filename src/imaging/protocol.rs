//! What the service and its `read-worker` child process tell each other.
//!
//! The task goes to the child as one JSON document on its standard input; the child answers with one JSON document per line
//! on standard output. SIGTERM asks it to stop: it finishes the command under way, makes what it has durable and says `done`.

use crate::{
    domain::{
        disc::{Fingerprint, Medium},
        ids::Lba,
        job::Phase,
        options::{AudioFormat, EngineChoice, HashKind, OnLoss, Verify},
        result::{ImageDetails, ScanResult},
        verdict::{Judgement, VerifyEvidence},
    },
    optical::{DeviceAddress, Sense},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// What a worker shall do.
#[allow(clippy::large_enum_variant, reason = "there is one per process")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "task")]
pub enum WorkerTask {
    /// Make (or go on with) an image of a disc.
    Image(ImageTask),
    /// Read a stored image back and compute its hashes.
    VerifyImage(VerifyTask),
    /// Read a CD raw, track by track: audio, mixed discs and clones.
    Cd(CdTask),
    /// Read the surface and keep nothing.
    Scan(ScanTask),
}

/// One CD to read raw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CdTask {
    /// The drive.
    pub device: DeviceAddress,
    /// The medium that must lie in it; anything else is refused. Its table of contents says which tracks to read.
    pub medium: Medium,
    /// A folder, see [`ImagePaths::folder`]. In it `NAME.bin`, `NAME.cue`, `NAME.toc`, `NAME.iso` (data tracks of mixed discs),
    /// `NAME - 01.flac` …, `NAME.sub`, `NAME.cdt`. While reading, everything is below `paths.part`; one rename publishes all of it.
    /// The result's `path` is the cue sheet in it.
    pub paths: ImagePaths,
    /// How to read.
    pub options: ReadOptions,
    /// How audio tracks are stored.
    pub format: AudioFormat,
    /// With sub-channel and everything else that is on the disc.
    pub clone: bool,
    /// Samples by which the drive reads audio too late: sample n of the disc is what the drive gives as sample n + `read_offset`.
    /// The sign is that of AccurateRip's list of drives.
    pub read_offset: i32,
}

/// One surface to read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScanTask {
    /// The drive.
    pub device: DeviceAddress,
    /// The medium that must lie in it.
    pub medium: Medium,
    /// How to read.
    pub options: ReadOptions,
}

/// One image to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageTask {
    /// The drive.
    pub device: DeviceAddress,
    /// The medium that must lie in it; anything else is refused.
    pub medium: Medium,
    /// Sector of the disc with which the image begins: 0, or the start of a data track. `medium.size` is then the size of that
    /// track, with the claims about it; the fingerprint stays that of the whole disc.
    #[serde(default)]
    pub first_sector: u64,
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

impl ImageTask {
    /// An image of the whole disc.
    pub fn new(device: DeviceAddress, medium: Medium, paths: ImagePaths, options: ReadOptions) -> Self {
        Self { device, medium, first_sector: 0, paths, options }
    }
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

    /// The paths of an image that is a folder (raw CDs): `image` is the folder `OUT/NAME`, `part` the same as `OUT/NAME.part` while
    /// it is not finished, and `map` the journal in the finished folder: what the image is worth, to be removed once that is
    /// recorded, like the map of a complete `.iso`.
    pub fn folder(out: &Path, name: &str) -> Self {
        let image = out.join(name);
        let map = image.join("journal.json");
        Self { part: out.join(format!("{name}.part")), image, map }
    }
}

/// How to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadOptions {
    /// What is compared after reading.
    pub verify: Verify,
    /// How often an unreadable sector is read again, one by one, after everything else was read. 0 to 100.
    pub retries: u32,
    /// Time limit of one read command in the first pass, milliseconds.
    pub read_timeout_ms: u64,
    /// Leave the map of a complete image, too: whoever asked removes it once the result is recorded, so that a crash in between
    /// costs no second reading of the disc.
    pub keep_map: bool,
    /// Which program reads.
    pub engine: EngineChoice,
    /// Begin with rescue (mode `rescue`): the disc is known to be damaged.
    pub rescue_first: bool,
    /// Whether what could not be read at once is tried sector by sector.
    pub rescue: bool,
    /// Most sectors in one request; `None`: what the drive takes.
    pub block_sectors: Option<u32>,
    /// Speed limit in kilobytes per second.
    pub speed_kbps: Option<u32>,
    /// Hashes beside MD5 and SHA-256.
    pub hashes: Vec<HashKind>,
    /// Rescue ends when more sectors than this are unreadable.
    pub max_bad_sectors: Option<u64>,
    /// Rescue ends after so many seconds.
    pub rescue_seconds: Option<u64>,
    /// What to do when sectors stay unreadable.
    pub on_loss: OnLoss,
    /// A person has accepted the loss: nothing more is read, the image is finished with what there is.
    pub accept_loss: bool,
    /// A person wants another try: what is missing is read again, also of an image that was finished without it.
    pub again: bool,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            verify: Verify::None,
            retries: 1,
            read_timeout_ms: 10_000,
            keep_map: false,
            engine: EngineChoice::Auto,
            rescue_first: false,
            rescue: true,
            block_sectors: None,
            speed_kbps: None,
            hashes: Vec::new(),
            max_bad_sectors: None,
            rescue_seconds: None,
            on_loss: OnLoss::Finish,
            accept_loss: false,
            again: false,
        }
    }
}

/// One line from the worker.
#[allow(clippy::large_enum_variant, reason = "the large one comes once per job")]
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
#[allow(clippy::large_enum_variant, reason = "the large one comes once per job")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// The image is on disk under its name (or its `.part` name if incomplete), file and folder synced.
    Imaged(ImageResult),
    /// The stored image was hashed.
    Hashed(ImageHashes),
    /// The surface was read.
    Scanned(ScanResult),
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
    /// Everything was tried, sectors are missing, and a person shall decide. Image and map are kept.
    Loss {
        /// Number of missing sectors.
        bad_sectors: u64,
    },
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
    /// Other hashes that were asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub more: BTreeMap<HashKind, String>,
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
    /// Files, tracks, damage, statistics, programs. CDs that were read raw end as an image, too: `path` is the cue sheet then.
    #[serde(default)]
    pub details: ImageDetails,
}
