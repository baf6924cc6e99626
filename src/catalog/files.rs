//! Files beside an image, and the image's own when it is removed. Everything here blocks.

use super::sidecar::{self, Place};
use crate::{
    domain::options::HashKind,
    storage::isos::{IsoFacts, IsoRecord},
};
use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

/// Most bytes of a file that are looked at to tell whose it is.
const MAX_LOOK: u64 = 32 << 20;

/// What became of the files beside an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// All three say what the catalogue says.
    All,
    /// These exist and are somebody else's; they were left alone.
    Foreign(Vec<PathBuf>),
    /// The image itself is not there (a folder that is not mounted): nothing was written.
    NoImage,
}

/// Writes `NAME.json`, `NAME.md5` and `NAME.sha256`. Each appears whole or not at all; repeating it changes nothing.
///
/// # Errors
/// What the file system says.
pub fn write_sidecars(record: &IsoRecord, facts: &IsoFacts) -> io::Result<Written> {
    let path = Path::new(&record.filepath);
    let Some(place) = Place::of(path).filter(|_| path.symlink_metadata().is_ok()) else { return Ok(Written::NoImage) };
    let files = sidecar::files(record, facts);
    let mut document = serde_json::to_string_pretty(&sidecar::document(record, facts))?;
    document.push('\n');
    let sums = |kind| sidecar::sums(&place, record, &files, kind);
    let texts = [
        (place.json(), document),
        (place.sums(HashKind::Md5), sums(HashKind::Md5)),
        (place.sums(HashKind::Sha256), sums(HashKind::Sha256)),
    ];
    let mut foreign = Vec::new();
    for (target, text) in texts {
        if !put(&target, &text, record)? {
            foreign.push(target);
        }
    }
    sync_folder(&place.folder)?;
    Ok(if foreign.is_empty() { Written::All } else { Written::Foreign(foreign) })
}

/// Removes what lies beside an image, where it is ours: it names the image as it was called.
///
/// # Errors
/// What the file system says; repeating it goes on.
pub fn remove_sidecars(record: &IsoRecord) -> io::Result<()> {
    let Some(place) = Place::of(Path::new(&record.filepath)) else { return Ok(()) };
    for target in [place.json(), place.sums(HashKind::Md5), place.sums(HashKind::Sha256)] {
        if whose(&target, record)? == Whose::Ours {
            remove(&target)?;
        }
    }
    Ok(())
}

/// Removes an image with everything that belongs to it and is listed; the folder of a set goes when nothing else is in it.
///
/// # Errors
/// What the file system says; repeating it goes on.
pub fn remove_image(record: &IsoRecord, facts: &IsoFacts) -> io::Result<()> {
    let path = Path::new(&record.filepath);
    let place = Place::of(path);
    remove_sidecars(record)?;
    if let Some(place) = &place {
        for file in sidecar::files(record, facts) {
            remove(&place.file(&file.name))?;
        }
    }
    if let Some(map) = &record.map_path {
        remove(Path::new(map))?;
    }
    remove(path)?;
    if let Some(place) = place {
        if let Some(set) = &place.set {
            remove_empty(&place.folder.join(set))?;
        }
        sync_folder(&place.folder)?;
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Nobody,
    Ours,
    Foreign,
}

/// Whose file this is: ours names this very image.
fn whose(path: &Path, record: &IsoRecord) -> io::Result<Whose> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Whose::Nobody),
        Err(error) => return Err(error),
        Ok(meta) if !meta.is_file() || meta.len() > MAX_LOOK => return Ok(Whose::Foreign),
        Ok(_) => {}
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_LOOK).read_to_end(&mut bytes)?;
    let named = if path.extension().is_some_and(|extension| extension == "json") {
        let document: Option<serde_json::Value> = serde_json::from_slice(&bytes).ok();
        document.is_some_and(|document| document["image"]["id"].as_str() == Some(&record.id.to_string()))
    } else {
        bytes.split(|byte| *byte == b'\n').next() == Some(sidecar::mark(record).as_bytes())
    };
    Ok(if named { Whose::Ours } else { Whose::Foreign })
}

/// Puts a file in its place: written beside it, synced, renamed. False if the name is somebody else's.
fn put(target: &Path, text: &str, record: &IsoRecord) -> io::Result<bool> {
    let before = whose(target, record)?;
    if before == Whose::Foreign {
        return Ok(false);
    }
    let temporary = temporary(target);
    remove(&temporary)?;
    let mut file = File::create_new(&temporary)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| match before {
        Whose::Ours => fs::rename(&temporary, target).map(|()| true),
        // Somebody may have come between; a link, unlike a rename, never replaces.
        _ => match fs::hard_link(&temporary, target) {
            Ok(()) => remove(&temporary).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            // No links on this file system: the look before is all there is.
            Err(_) => fs::rename(&temporary, target).map(|()| true),
        },
    });
    if !matches!(written, Ok(true)) {
        // What could not be finished is no file.
        let _ = fs::remove_file(&temporary);
    }
    written
}

pub(super) fn temporary(target: &Path) -> PathBuf {
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // Short enough for every file system: a name may have 255 bytes.
    let kept: String = name.chars().rev().take(40).collect::<Vec<_>>().into_iter().rev().collect();
    target.with_file_name(format!(".{kept}.disk2iso-new"))
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn remove_empty(folder: &Path) -> io::Result<()> {
    match fs::remove_dir(folder) {
        Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty) => Err(error),
        _ => Ok(()),
    }
}

pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Network file systems that cannot sync a folder make names durable themselves.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        other => other,
    }
}
