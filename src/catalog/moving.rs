//! The files of an image get another name. Everything here blocks.
//!
//! Each step can be done again, and none replaces a file of somebody else's: whoever was interrupted begins anew and finds what
//! is done already. [`Renaming::there`] goes all the way or says what is in the way; [`Renaming::back`] undoes whatever was done.

use super::sidecar::{self, Place};
use crate::{
    domain::{
        disc::sheet::{self, MAX_SHEET},
        result::FileRole,
    },
    error::{Code, Problem},
    imaging::hashing::hash_bytes,
    storage::isos::{IsoFacts, IsoRecord, NewName},
};
use nix::{
    errno::Errno,
    fcntl::{AT_FDCWD, RenameFlags, renameat2},
};
use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

/// Why an image could not be renamed.
#[derive(Debug)]
pub enum Stopped {
    /// This is there already and not ours.
    Taken(PathBuf),
    /// The image is neither here nor there: a folder that is not mounted.
    Missing(PathBuf),
    /// The file system refused.
    Failed(PathBuf, io::Error),
}

type Step = Result<(), Stopped>;

/// Asked before each step; a test refuses one, as a power failure would.
pub type Power<'a> = &'a mut dyn FnMut() -> io::Result<()>;

/// A renaming, worked out: pure, and the same each time it is.
#[derive(Debug, Clone)]
pub struct Renaming {
    /// Folder of the files beside the image.
    outer: PathBuf,
    /// Names of the folder of a set.
    set: Option<(String, String)>,
    /// Names of all files.
    files: Vec<(String, String)>,
    /// Those of them that name others.
    sheets: Vec<(String, FileRole)>,
    /// What the catalogue says afterwards.
    pub new: NewName,
    /// What the job that made it has reserved, before and after.
    pub job_paths: (String, String),
    /// What every file of the new name begins with.
    pub stem: PathBuf,
}

impl Renaming {
    /// From what the catalogue says to this name.
    ///
    /// # Errors
    /// About the field `filename`, or `conflict` for an image whose folder is not finished.
    pub fn plan(record: &IsoRecord, facts: &IsoFacts, name: &str) -> Result<Self, Problem> {
        let odd = || Problem::new(Code::Conflict, format!("{} has a name that cannot be changed", record.filepath));
        let place = Place::of(Path::new(&record.filepath)).ok_or_else(odd)?;
        if place.set.as_ref().is_some_and(|set| *set != place.name) {
            let why = format!("{} is not finished; try its job again, or delete it", record.filepath);
            return Err(Problem::new(Code::Conflict, why));
        }
        if name == place.name {
            return Err(Problem::field("filename", format!("{name:?} is the name that it has")));
        }
        let renamed = |file: &str| file.strip_prefix(&place.name).map_or_else(|| file.to_owned(), |rest| format!("{name}{rest}"));
        let mut facts = facts.clone();
        let mut files = Vec::new();
        let mut sheets = Vec::new();
        for file in sidecar::files(record, &facts) {
            let new = renamed(&file.name);
            if place.set.is_some() && matches!(file.role, FileRole::Cue | FileRole::Toc) {
                sheets.push((new.clone(), file.role));
            }
            files.push((file.name, new));
        }
        for file in &mut facts.details.files {
            file.name = renamed(&file.name);
        }
        let map = record.map_path.as_deref().and_then(|path| Path::new(path).file_name()?.to_str()).map(str::to_owned);
        if let (Some(map), None) = (&map, &place.set)
            && files.iter().all(|(old, _)| old != map)
        {
            files.push((map.clone(), renamed(map)));
        }
        if files.iter().any(|(_, new)| files.iter().any(|(old, _)| old == new)) {
            return Err(Problem::field(
                "filename",
                format!("{name:?} is too similar to the name that it has; choose another one"),
            ));
        }
        files.sort_by_key(|(old, _)| *old == record.filename);
        let inner = place.set.as_ref().map_or_else(|| place.folder.clone(), |_| place.folder.join(name));
        let filename = renamed(&record.filename);
        let new = NewName {
            filepath: inner.join(&filename).display().to_string(),
            map_path: map.map(|map| place.folder.join(renamed(&map)).display().to_string()),
            size: record.size,
            filename,
            facts,
        };
        let reserved = |name: &str| {
            let stem = place.folder.join(name).display().to_string();
            if place.set.is_some() { stem } else { format!("{stem}.iso") }
        };
        let (stem, job_paths) = (place.folder.join(name), (reserved(&place.name), reserved(name)));
        let set = place.set.map(|set| (set, name.to_owned()));
        Ok(Self { outer: place.folder, set, files, sheets, new, job_paths, stem })
    }

    /// Whether the sheets of a set can say the new names.
    ///
    /// # Errors
    /// About the field `filename`.
    pub fn check_sheets(&self) -> Result<(), Problem> {
        for (new, role) in &self.sheets {
            let old = self.files.iter().find(|(_, name)| name == new).map_or(new, |(old, _)| old);
            let path = self.old_folder().join(old);
            let text = read(&path).map_err(|error| Problem::new(Code::FileMissing, format!("{}: {error}", path.display())))?;
            let text = name_anew(&text, &self.files, false);
            let parsed = if *role == FileRole::Cue { sheet::parse_cue(&text) } else { sheet::parse_toc(&text) };
            let known = |file: &str| self.files.iter().any(|(_, new)| new == file);
            if !parsed.is_ok_and(|sheet| sheet.tracks.iter().all(|track| known(&track.file))) {
                let why = format!("{old} could not say this name; leave out quotation marks and invisible characters");
                return Err(Problem::field("filename", why));
            }
        }
        Ok(())
    }

    /// Where the image is now.
    pub fn source(&self) -> PathBuf {
        let file = self.files.last().map(|(old, _)| old.as_str()).unwrap_or_default();
        self.old_folder().join(file)
    }

    /// Gives all files their new names, durably, and fills in what changes with them.
    ///
    /// # Errors
    /// Why not all of them; some may have it.
    pub fn there(&mut self, power: Power<'_>) -> Step {
        if let Some((old, new)) = &self.set {
            rename(&self.outer.join(old), &self.outer.join(new), power)?;
        }
        let folder = self.new_folder();
        for (old, new) in &self.files {
            rename(&folder.join(old), &folder.join(new), power)?;
        }
        for (sheet, _) in &self.sheets {
            let path = folder.join(sheet);
            let text = rewrite(&path, &self.files, false, power)?;
            let hashes =
                hash_bytes(text.as_bytes()).map_err(|_| failed(&path, io::Error::other("MD5 or SHA-256 is not available")))?;
            for file in self.new.facts.details.files.iter_mut().filter(|file| file.name == *sheet) {
                self.new.size = self.new.size.saturating_sub(file.size).saturating_add(text.len() as u64);
                (file.size, file.hashes) = (text.len() as u64, hashes.clone());
            }
        }
        self.sync(&folder, power)?;
        let image = PathBuf::from(&self.new.filepath);
        if there(&image)? { Ok(()) } else { Err(Stopped::Missing(image)) }
    }

    /// Gives all files their old names again, those that have new ones.
    ///
    /// # Errors
    /// Why not all of them.
    pub fn back(&self, power: Power<'_>) -> Step {
        let (old, folder) = (self.old_folder(), self.new_folder());
        if self.set.is_some() && there(&old)? {
            return Ok(());
        }
        for (old, new) in &self.files {
            let (from, to) = (folder.join(new), folder.join(old));
            if there(&from)? && !there(&to)? {
                rename(&from, &to, power)?;
            }
        }
        for (sheet, _) in &self.sheets {
            let old = self.files.iter().find(|(_, new)| new == sheet).map_or(sheet, |(old, _)| old);
            rewrite(&folder.join(old), &self.files, true, power)?;
        }
        if self.set.is_some() {
            rename(&folder, &old, power)?;
        }
        self.sync(&old, power)
    }

    fn old_folder(&self) -> PathBuf {
        self.set.as_ref().map_or_else(|| self.outer.clone(), |(old, _)| self.outer.join(old))
    }

    fn new_folder(&self) -> PathBuf {
        self.set.as_ref().map_or_else(|| self.outer.clone(), |(_, new)| self.outer.join(new))
    }

    fn sync(&self, folder: &Path, power: Power<'_>) -> Step {
        for folder in [folder, &self.outer] {
            power().map_err(|error| failed(folder, error))?;
            match super::files::sync_folder(folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Stopped::Missing(folder.to_owned())),
                other => other.map_err(|error| failed(folder, error))?,
            }
        }
        Ok(())
    }
}

fn failed(path: &Path, error: io::Error) -> Stopped {
    Stopped::Failed(path.to_owned(), error)
}

fn there(path: &Path) -> Result<bool, Stopped> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed(path, error)),
    }
}

/// One name becomes another. What has its new name already, or is not there at all (a map may go), is left as it is.
fn rename(from: &Path, to: &Path, power: Power<'_>) -> Step {
    if from == to || !there(from)? {
        return Ok(());
    }
    power().map_err(|error| failed(from, error))?;
    match renameat2(AT_FDCWD, from, AT_FDCWD, to, RenameFlags::RENAME_NOREPLACE) {
        Ok(()) => Ok(()),
        Err(Errno::EEXIST | Errno::ENOTEMPTY) => Err(Stopped::Taken(to.to_owned())),
        // File systems that know no such thing: a look before the rename is all that is left.
        Err(Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP) if there(to)? => Err(Stopped::Taken(to.to_owned())),
        Err(Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP) => fs::rename(from, to).map_err(|error| failed(from, error)),
        Err(errno) => Err(failed(from, errno.into())),
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_SHEET as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// Lets a sheet name the files as they are called now; gives its text.
fn rewrite(path: &Path, files: &[(String, String)], back: bool, power: Power<'_>) -> Result<String, Stopped> {
    let text = read(path).map_err(|error| failed(path, error))?;
    let new = name_anew(&text, files, back);
    if new == text {
        return Ok(new);
    }
    power().map_err(|error| failed(path, error))?;
    let temporary = super::files::temporary(path);
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(new.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().map_err(|error| failed(path, error))?;
    Ok(new)
}

/// A sheet's text with other names of files. No new name is an old one, so doing it twice changes nothing.
fn name_anew(text: &str, files: &[(String, String)], back: bool) -> String {
    let mut said = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let names = ["FILE \"", "DATAFILE \"", "AUDIOFILE \""].iter().find_map(|word| line.trim_start().strip_prefix(word));
        let swapped = names.and_then(|rest| {
            let (name, after) = rest.split_once('"')?;
            let pair = files.iter().map(|(old, new)| if back { (new, old) } else { (old, new) });
            let (_, new) = pair.into_iter().find(|(from, _)| *from == name)?;
            let before = &line[..line.len() - rest.len()];
            Some(format!("{before}{new}\"{after}"))
        });
        said.push_str(swapped.as_deref().unwrap_or(line));
    }
    said
}
