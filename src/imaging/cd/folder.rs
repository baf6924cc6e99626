//! The folder of a CD's image: found, created, locked, published. Everything that a power cut could hit has its order here.

use super::{copy::Finding, copy::storage};
use crate::{
    domain::{
        disc::{Fingerprint, Medium},
        result::{ToolRun, TrackResult},
    },
    imaging::{
        free_space,
        interrupt::{Interruption, code},
        protocol::{CdTask, Halt, ImagePaths, ImageResult},
        reader::StopFlag,
        sink::SinkError,
        tuning::Tuning,
    },
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Name of the journal in the folder.
const JOURNAL: &str = "journal.json";
/// Longest journal that is read: 99 tracks with their damage stay well below.
const MAX_JOURNAL: u64 = 16 << 20;
/// Form of the journal; another one is not understood.
const VERSION: u32 = 1;

/// What is known about the image, on disk before anything relies on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Journal {
    version: u32,
    /// The disc.
    pub fingerprint: Fingerprint,
    /// With sub-channel.
    pub clone: bool,
    /// Samples that were corrected.
    pub read_offset: i32,
    /// Tracks that were read to their end, in order.
    pub tracks: Vec<TrackDone>,
    /// Programs that had a part in it.
    #[serde(default)]
    pub tools: Vec<ToolRun>,
    /// The report, once the files are final.
    pub result: Option<ImageResult>,
}

/// One finished track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrackDone {
    /// What is reported of it.
    pub result: TrackResult,
    /// What came of reading.
    pub finding: Finding,
    /// Frames before its index 1 that are its own (index 0).
    #[serde(default)]
    pub pregap: u64,
    /// How long it took.
    pub seconds: f64,
}

impl Journal {
    /// For a disc that is to be read.
    pub fn new(task: &CdTask) -> Self {
        let fingerprint = task.medium.fingerprint.clone();
        Self {
            version: VERSION,
            fingerprint,
            clone: task.clone,
            read_offset: task.read_offset,
            tracks: Vec::new(),
            tools: Vec::new(),
            result: None,
        }
    }

    /// Whether what it tells of can be gone on with; otherwise the disc is read from its start.
    pub fn fits(&self, task: &CdTask) -> bool {
        self.clone == task.clone && self.read_offset == task.read_offset
    }
}

/// Where the run begins.
pub enum Start {
    /// With the folder under its working name, locked, and what was read before.
    Work(Folder, Box<Journal>),
    /// The image was published, only its report was lost.
    Published(Box<ImageResult>, Folder),
}

/// The locked folder.
pub struct Folder {
    /// Where it is now.
    pub path: PathBuf,
    paths: ImagePaths,
    /// Keeps the lock; the folder is renamed under it.
    lock: File,
}

/// Finds out where to begin, waiting for another worker that is about to stop.
///
/// # Errors
/// `name_taken`, `wrong_map`, `map_unusable`, `image_busy`, `storage_failed`, or a wish to stop.
pub fn prepare(task: &CdTask, tuning: &Tuning, stop: &StopFlag, alive: &mut dyn FnMut()) -> Result<Start, Interruption> {
    let since = Instant::now();
    loop {
        match attempt(task) {
            Err(None) if since.elapsed() >= tuning.lock_patience => {
                return Err(SinkError::Busy(task.paths.part.clone()).into());
            }
            Err(None) => {
                stop.check()?;
                alive();
                std::thread::sleep(tuning.ready_pause.min(Duration::from_millis(100)));
            }
            Err(Some(interruption)) => return Err(interruption),
            Ok(start) => return Ok(start),
        }
    }
}

/// `Err(None)`: somebody else is at it, try again.
fn attempt(task: &CdTask) -> Result<Start, Option<Interruption>> {
    let paths = &task.paths;
    let taken = |path: &Path| Some(Interruption::from(SinkError::NameTaken(path.to_owned())));
    let (part, image) = (there(&paths.part).map_err(Some)?, there(&paths.image).map_err(Some)?);
    match (part, image) {
        (true, true) => Err(taken(&paths.image)),
        (false, false) => {
            match fs::create_dir(&paths.part) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(None),
                other => other.map_err(|error| Some(storage("create", error)))?,
            }
            let folder = Folder::lock(paths, &paths.part)?;
            // A journal comes first: a folder without one is never ours.
            folder.write_journal(&Journal::new(task)).and_then(|()| folder.sync_parent()).map_err(Some)?;
            Ok(Start::Work(folder, Box::new(Journal::new(task))))
        }
        (true, false) => {
            let folder = Folder::lock(paths, &paths.part)?;
            let journal = match folder.read_journal().map_err(Some)? {
                Some(journal) => journal,
                // Created by us a moment before the power went: there is nothing in it.
                None if folder.is_empty().map_err(Some)? => Journal::new(task),
                None => return Err(taken(&paths.part)),
            };
            check_disc(&journal, &task.medium).map_err(Some)?;
            let journal = if journal.fits(task) { journal } else { Journal::new(task) };
            Ok(Start::Work(folder, Box::new(journal)))
        }
        (false, true) => {
            let folder = Folder::lock(paths, &paths.image)?;
            let journal = folder.read_journal().map_err(Some)?;
            match journal.filter(|journal| journal.fingerprint == task.medium.fingerprint).and_then(|journal| journal.result) {
                Some(result) => Ok(Start::Published(Box::new(result), folder)),
                None => Err(taken(&paths.image)),
            }
        }
    }
}

fn check_disc(journal: &Journal, medium: &Medium) -> Result<(), Interruption> {
    if journal.fingerprint == medium.fingerprint {
        return Ok(());
    }
    let message =
        format!("the unfinished image is of disc {}, not of {}; choose another name", journal.fingerprint, medium.fingerprint);
    Err(Interruption::failed(code::WRONG_MAP, message))
}

impl Folder {
    fn lock(paths: &ImagePaths, path: &Path) -> Result<Self, Option<Interruption>> {
        let lock = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(None),
            other => other.map_err(|error| Some(storage("open", error)))?,
        };
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(None),
            // Some network file systems have no locks. Not being able to lock must not make them unusable.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        // Whoever held the lock may have renamed the folder meanwhile.
        let same = fs::symlink_metadata(path).is_ok_and(|now| {
            now.is_dir() && lock.metadata().is_ok_and(|ours| (ours.dev(), ours.ino()) == (now.dev(), now.ino()))
        });
        if !same {
            let file = fs::symlink_metadata(path).is_ok_and(|now| !now.is_dir());
            return Err(file.then(|| SinkError::NameTaken(path.to_owned()).into()));
        }
        Ok(Self { path: path.to_owned(), paths: paths.clone(), lock })
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Opens a file in it for reading and writing, creating it if it is not there.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(&self, name: &str) -> Result<File, Interruption> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        options.open(self.file(name)).map_err(|error| storage("open", error))
    }

    /// Removes a file in it if it is there.
    ///
    /// # Errors
    /// What the file system says.
    pub fn remove(&self, name: &str) -> Result<(), Interruption> {
        match fs::remove_file(self.file(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(storage("remove", error)),
            _ => Ok(()),
        }
    }

    /// Writes a small file as a whole and makes its bytes durable.
    ///
    /// # Errors
    /// What the file system says; a file of this name is untouched then.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Interruption> {
        let new = self.file(&format!("{name}.new"));
        let written = (|| {
            let mut file = File::create(&new)?;
            file.write_all(bytes)?;
            file.sync_data()?;
            fs::rename(&new, self.file(name))
        })();
        written.map_err(|error| storage("write", error))
    }

    fn read_journal(&self) -> Result<Option<Journal>, Interruption> {
        let file = match File::open(self.file(JOURNAL)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|error| storage("open", error))?,
        };
        let mut text = Vec::new();
        file.take(MAX_JOURNAL).read_to_end(&mut text).map_err(|error| storage("read", error))?;
        let unusable = |problem: String| {
            let message = format!("{} cannot be used ({problem}); move the folder away", self.file(JOURNAL).display());
            Interruption::failed(code::MAP_UNUSABLE, message)
        };
        let journal: Journal = serde_json::from_slice(&text).map_err(|error| unusable(error.to_string()))?;
        if journal.version != VERSION {
            return Err(unusable(format!("version {}", journal.version)));
        }
        Ok(Some(journal))
    }

    /// Puts the journal in the place of the old one, durably. What it claims must be durable before.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write_journal(&self, journal: &Journal) -> Result<(), Interruption> {
        let text = serde_json::to_vec(journal).map_err(|error| storage("write", error.into()))?;
        self.write(JOURNAL, &text)?;
        self.sync()
    }

    fn is_empty(&self) -> Result<bool, Interruption> {
        let mut entries = fs::read_dir(&self.path).map_err(|error| storage("read", error))?;
        Ok(!entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() != format!("{JOURNAL}.new").as_str())))
    }

    /// Makes the names in it durable.
    ///
    /// # Errors
    /// What the file system says.
    pub fn sync(&self) -> Result<(), Interruption> {
        sync_folder(&self.lock)
    }

    fn sync_parent(&self) -> Result<(), Interruption> {
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(parent).map_err(|error| storage("open", error)).and_then(|folder| sync_folder(&folder))
    }

    /// Gives the folder its final name. Never replaces anything.
    ///
    /// # Errors
    /// `name_taken`, or what the file system says.
    pub fn publish(&mut self) -> Result<(), Interruption> {
        use nix::{
            errno::Errno,
            fcntl::{AT_FDCWD, RenameFlags, renameat2},
        };
        self.sync()?;
        let (from, to) = (&self.paths.part, &self.paths.image);
        match renameat2(AT_FDCWD, from, AT_FDCWD, to, RenameFlags::RENAME_NOREPLACE) {
            Ok(()) => {}
            Err(Errno::EEXIST) => return Err(SinkError::NameTaken(to.clone()).into()),
            // File systems that know no such thing: a look before the rename is all that is left.
            Err(Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP) if !there(to)? => {
                fs::rename(from, to).map_err(|error| storage("rename", error))?;
            }
            Err(Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP) => return Err(SinkError::NameTaken(to.clone()).into()),
            Err(errno) => return Err(storage("rename", errno.into())),
        }
        self.path.clone_from(to);
        self.sync_parent()
    }

    /// Removes the journal of a published image.
    ///
    /// # Errors
    /// What the file system says.
    pub fn remove_journal(&self) -> Result<(), Interruption> {
        self.remove(JOURNAL)?;
        self.sync()
    }

    /// How many bytes more the file system would have to have free for `needed` bytes.
    ///
    /// # Errors
    /// What the file system says.
    pub fn missing(&self, needed: u64) -> Result<u64, Interruption> {
        let free = free_space(&self.path).map_err(|error| storage("inspect", error))?;
        Ok(needed.saturating_sub(free))
    }

    /// # Errors
    /// [`Halt::NoSpace`] if so many bytes do not fit.
    pub fn check_space(&self, needed: u64) -> Result<(), Interruption> {
        match self.missing(needed)? {
            0 => Ok(()),
            missing => Err(Interruption::Halted(Halt::NoSpace { missing })),
        }
    }
}

fn sync_folder(folder: &File) -> Result<(), Interruption> {
    match folder.sync_all() {
        // Network file systems that cannot sync a folder make names durable themselves.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        other => other.map_err(|error| storage("sync", error)),
    }
}

fn there(path: &Path) -> Result<bool, Interruption> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(storage("inspect", error)),
    }
}
