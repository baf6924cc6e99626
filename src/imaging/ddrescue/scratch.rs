//! The folder that ddrescue keeps its mapfile (and the backup of it) in, and the careful reading of that file.

use crate::{
    domain::sector_map::SectorMap,
    imaging::interrupt::{Interruption, code},
};
use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

/// Longest mapfile that is read; the domain's limit on blocks is reached well before.
const MAX_MAP: u64 = 48 << 20;

/// A folder beside the image. It is removed in the end; one that a crash left behind is cleared.
pub struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    /// Makes it, empty.
    ///
    /// # Errors
    /// `storage_failed`.
    pub fn create(image: &Path) -> Result<Self, Interruption> {
        let mut folder = image.as_os_str().to_owned();
        folder.push(".rescue");
        let scratch = Self { folder: folder.into() };
        scratch.remove();
        std::fs::create_dir(&scratch.folder).map_err(|error| failed("create", &scratch.folder, &error))?;
        Ok(scratch)
    }

    /// Where ddrescue has its mapfile.
    pub fn map(&self) -> PathBuf {
        self.folder.join("map")
    }

    /// Gives ddrescue a map to start from.
    ///
    /// # Errors
    /// `storage_failed`.
    pub fn write(&self, map: &SectorMap) -> Result<(), Interruption> {
        std::fs::write(self.map(), map.to_mapfile()).map_err(|error| failed("write", &self.map(), &error))
    }

    /// What ddrescue has written last. It may speak of fewer bytes than `len`: while it is being written, and when ddrescue was told that
    /// the source ends before.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub fn read(&self, len: u64) -> Result<SectorMap, String> {
        let mut bytes = Vec::new();
        let file = File::open(self.map()).and_then(|file| file.take(MAX_MAP).read_to_end(&mut bytes));
        file.map_err(|error: io::Error| error.to_string())?;
        let text = std::str::from_utf8(&bytes).map_err(|error| error.to_string())?;
        let map = SectorMap::parse(text).map_err(|error| error.to_string())?;
        match map.len() {
            found if found <= len => Ok(map),
            found => Err(format!("it covers {found} bytes of {len}")),
        }
    }

    fn remove(&self) {
        // Names of ours only: a folder that holds anything else is left where it is.
        for name in ["map", "map.bak", "map.tmp"] {
            let _ = std::fs::remove_file(self.folder.join(name));
        }
        let _ = std::fs::remove_dir(&self.folder);
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.remove();
    }
}

fn failed(what: &str, path: &Path, error: &io::Error) -> Interruption {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    if matches!(error.kind(), StorageFull | QuotaExceeded) {
        return super::super::SinkError::NoSpace.into();
    }
    Interruption::failed(code::STORAGE_FAILED, format!("cannot {what} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sector_map::BlockStatus;

    #[test]
    fn half_a_map_claims_nothing_that_the_whole_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("a.iso.part");
        let scratch = Scratch::create(&image).unwrap();
        let mut map = SectorMap::new(100 * 2048);
        map.set(2048..4096, BlockStatus::Finished);
        map.set(10 * 2048..99 * 2048, BlockStatus::Finished);
        scratch.write(&map).unwrap();
        assert_eq!(scratch.read(100 * 2048), Ok(map.clone()));
        assert_eq!(scratch.read(99 * 2048), Err("it covers 204800 bytes of 202752".to_owned()));
        let text = map.to_mapfile();
        for cut in 0..text.len() {
            std::fs::write(scratch.map(), &text[..cut]).unwrap();
            if let Ok(half) = scratch.read(100 * 2048) {
                assert!(half.blocks().all(|(range, status)| map.blocks_within(range).all(|(_, whole)| whole == status)));
            }
        }
        drop(scratch);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_with_somebodys_files_is_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("a.iso.part");
        std::fs::create_dir(folder.path().join("a.iso.part.rescue")).unwrap();
        std::fs::write(folder.path().join("a.iso.part.rescue/mine"), "mine").unwrap();
        assert!(Scratch::create(&image).is_err());
        assert_eq!(std::fs::read(folder.path().join("a.iso.part.rescue/mine")).unwrap(), b"mine");
    }
}
