//! An image as files in one folder.

use super::{
    protocol::ImagePaths,
    sink::{Existing, Sink, SinkError},
};
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// Longest mapfile that is read: the domain's block limit is reached well before.
const MAX_MAP: u64 = 48 << 20;

/// Files in one folder.
pub struct FileSink {
    paths: ImagePaths,
    folder: PathBuf,
    file: Mutex<Option<Arc<File>>>,
}

impl FileSink {
    /// For these names; nothing is touched yet.
    pub fn new(paths: ImagePaths) -> Self {
        let folder = match paths.image.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        Self { paths, folder, file: Mutex::new(None) }
    }

    fn hold(&self, file: File) {
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(file));
    }

    fn opened(&self) -> Result<Arc<File>, SinkError> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner).clone();
        file.ok_or_else(|| failure("use", &self.paths.part)(io::ErrorKind::NotConnected.into()))
    }

    fn lock(&self, file: File) -> Result<(), SinkError> {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(SinkError::Busy(self.paths.part.clone())),
            // Some network file systems have no locks. Not being able to lock must not make them unusable.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        // Whoever held the lock may have renamed the file meanwhile; then this is not our `.part` any more.
        let same = std::fs::symlink_metadata(&self.paths.part)
            .is_ok_and(|now| file.metadata().is_ok_and(|ours| ours.ino() == now.ino()));
        if !same {
            return Err(SinkError::Busy(self.paths.part.clone()));
        }
        self.hold(file);
        Ok(())
    }
}

impl Sink for FileSink {
    fn look(&self) -> Result<Existing, SinkError> {
        let part = metadata(&self.paths.part)?;
        let image = metadata(&self.paths.image)?;
        let linked = part.as_ref().zip(image.as_ref()).is_some_and(|(a, b)| (a.dev(), a.ino()) == (b.dev(), b.ino()));
        let map = match File::open(&self.paths.map) {
            Ok(file) => {
                let mut bytes = Vec::new();
                file.take(MAX_MAP).read_to_end(&mut bytes).map_err(failure("read", &self.paths.map))?;
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failure("open", &self.paths.map)(error)),
        };
        Ok(Existing { part: part.map(|m| m.len()), image: image.map(|m| m.len()), linked, map })
    }

    fn create(&self) -> Result<(), SinkError> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&self.paths.part);
        self.lock(file.map_err(failure("create", &self.paths.part))?)
    }

    fn open(&self) -> Result<(), SinkError> {
        let file = OpenOptions::new().read(true).write(true).open(&self.paths.part);
        self.lock(file.map_err(failure("open", &self.paths.part))?)
    }

    fn open_published(&self) -> Result<(), SinkError> {
        self.hold(File::open(&self.paths.image).map_err(failure("open", &self.paths.image))?);
        Ok(())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), SinkError> {
        self.opened()?.write_all_at(bytes, offset).map_err(failure("write", &self.paths.part))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SinkError> {
        self.opened()?.read_exact_at(buffer, offset).map_err(failure("read", &self.paths.part))
    }

    fn length(&self) -> Result<u64, SinkError> {
        Ok(self.opened()?.metadata().map_err(failure("inspect", &self.paths.part))?.len())
    }

    fn set_len(&self, len: u64) -> Result<(), SinkError> {
        self.opened()?.set_len(len).map_err(failure("resize", &self.paths.part))
    }

    fn sync_data(&self) -> Result<(), SinkError> {
        self.opened()?.sync_data().map_err(failure("sync", &self.paths.part))
    }

    fn drop_cache(&self) {
        use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
        if let Ok(file) = self.opened() {
            // Advice only: a file system that does not take it gives the bytes from memory.
            let _ = posix_fadvise(&*file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED);
        }
    }

    fn write_map(&self, text: &str) -> Result<(), SinkError> {
        let mut name = self.paths.map.as_os_str().to_owned();
        name.push(".new");
        let new = PathBuf::from(name);
        let mut file = File::create(&new).map_err(failure("create", &new))?;
        file.write_all(text.as_bytes()).map_err(failure("write", &new))?;
        file.sync_data().map_err(failure("sync", &new))?;
        std::fs::rename(&new, &self.paths.map).map_err(failure("rename", &new))
    }

    fn remove_map(&self) -> Result<(), SinkError> {
        match std::fs::remove_file(&self.paths.map) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failure("remove", &self.paths.map)(error)),
            _ => self.sync_folder(),
        }
    }

    fn sync_folder(&self) -> Result<(), SinkError> {
        match File::open(&self.folder).and_then(|folder| folder.sync_all()) {
            // Network file systems that cannot sync a folder make names durable themselves.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            other => other.map_err(failure("sync", &self.folder)),
        }
    }

    fn publish(&self) -> Result<(), SinkError> {
        self.opened()?.sync_all().map_err(failure("sync", &self.paths.part))?;
        rename_without_replacing(&self.paths.part, &self.paths.image)?;
        self.sync_folder()
    }

    fn unlink_part(&self) -> Result<(), SinkError> {
        std::fs::remove_file(&self.paths.part).map_err(failure("remove", &self.paths.part))?;
        self.sync_folder()
    }

    fn file(&self) -> Option<PathBuf> {
        Some(self.paths.part.clone())
    }

    fn free_space(&self) -> Result<u64, SinkError> {
        super::free_space(&self.folder).map_err(failure("inspect", &self.folder))
    }
}

/// Renames, refusing to replace. Not every file system knows `RENAME_NOREPLACE`: a hard link refuses as reliably; where there
/// are no hard links either (exFAT, some network shares) a look before the rename is all that is left.
fn rename_without_replacing(from: &Path, to: &Path) -> Result<(), SinkError> {
    use nix::{
        errno::Errno,
        fcntl::{AT_FDCWD, RenameFlags, renameat2},
    };
    match renameat2(AT_FDCWD, from, AT_FDCWD, to, RenameFlags::RENAME_NOREPLACE) {
        Ok(()) => return Ok(()),
        Err(Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP) => {}
        Err(errno) => return Err(failure("rename", to)(errno.into())),
    }
    match std::fs::hard_link(from, to) {
        Ok(()) => return std::fs::remove_file(from).map_err(failure("remove", from)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(SinkError::NameTaken(to.to_owned())),
        Err(_) => {}
    }
    match metadata(to)? {
        Some(_) => Err(SinkError::NameTaken(to.to_owned())),
        None => std::fs::rename(from, to).map_err(failure("rename", to)),
    }
}

fn metadata(path: &Path) -> Result<Option<std::fs::Metadata>, SinkError> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failure("inspect", path)(error)),
    }
}

fn failure<'a>(what: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> SinkError + 'a {
    move |source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => SinkError::NoSpace,
        io::ErrorKind::AlreadyExists => SinkError::NameTaken(path.to_owned()),
        _ => SinkError::Io { what, path: path.to_owned(), source },
    }
}
