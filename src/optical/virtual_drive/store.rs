//! `state.json` in the drive's folder: read by everybody, replaced atomically under a lock, never changed in place.

use super::state::{State, VERSION};
use crate::optical::DeviceError;
use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Read, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

const FILE: &str = "state.json";
const FRESH: &str = "state.json.new";
const LOCK: &str = "state.lock";

/// The state of one drive as last seen by one handle.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    file: PathBuf,
    /// Held open so that its inode number cannot be used for a later version: a different number is a different state.
    seen: Option<File>,
    state: State,
}

impl Store {
    /// Looks at a drive's folder. A folder without a state is a drive that never held a disc.
    ///
    /// # Errors
    /// [`DeviceError::Gone`] without a folder; [`DeviceError::Other`] if the state in it is not ours.
    pub(super) fn open(folder: &Path) -> Result<Self, DeviceError> {
        let mut store = Self { folder: folder.to_owned(), file: folder.join(FILE), seen: None, state: State::default() };
        store.reload()?;
        Ok(store)
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The state as of the last [`Store::refresh`] or [`Store::update`].
    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// Takes over what other handles and processes have changed. Costs two `stat` if nothing was.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub(super) fn refresh(&mut self) -> Result<(), DeviceError> {
        let now = match fs::metadata(&self.file) {
            Ok(meta) => Some((meta.dev(), meta.ino())),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(self.failed(&error)),
        };
        let seen = match &self.seen {
            Some(file) => file.metadata().map(|meta| Some((meta.dev(), meta.ino()))).map_err(|error| self.failed(&error))?,
            None => None,
        };
        if now.is_some() && now == seen { Ok(()) } else { self.reload() }
    }

    /// Changes the state: `change` sees the newest one and says whether it changed it. Durable when this returns.
    ///
    /// # Errors
    /// As [`Store::open`], and what `change` says; [`DeviceError::Other`] if the folder cannot be written.
    pub(super) fn update<T>(
        &mut self,
        change: impl FnOnce(&mut State) -> Result<(bool, T), DeviceError>,
    ) -> Result<T, DeviceError> {
        let lock = OpenOptions::new().create(true).append(true).open(self.folder.join(LOCK));
        let lock = lock.map_err(|error| self.failed(&error))?;
        lock.lock().map_err(|error| self.failed(&error))?;
        self.refresh()?;
        let mut state = self.state.clone();
        let (changed, result) = change(&mut state)?;
        if changed {
            self.save(&state).map_err(|error| self.failed(&error))?;
            self.reload()?;
        }
        Ok(result)
    }

    fn save(&self, state: &State) -> std::io::Result<()> {
        let fresh = self.folder.join(FRESH);
        let mut file = File::create(&fresh)?;
        file.write_all(&serde_json::to_vec_pretty(state)?)?;
        file.sync_all()?;
        fs::rename(&fresh, &self.file)?;
        File::open(&self.folder)?.sync_all()
    }

    fn reload(&mut self) -> Result<(), DeviceError> {
        let mut file = match File::open(&self.file) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound && self.folder.is_dir() => {
                (self.seen, self.state) = (None, State::default());
                return Ok(());
            }
            Err(error) => return Err(self.failed(&error)),
        };
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(|error| self.failed(&error))?;
        let broken = |why: String| {
            DeviceError::Other(format!("{}: {why}; remove the file to have an empty virtual drive", self.file.display()))
        };
        let state: State = serde_json::from_slice(&text).map_err(|error| broken(error.to_string()))?;
        if state.version != VERSION {
            return Err(broken(format!("version {}, this program writes {VERSION}", state.version)));
        }
        (self.seen, self.state) = (Some(file), state);
        Ok(())
    }

    fn failed(&self, error: &std::io::Error) -> DeviceError {
        let folder = self.folder.display();
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => DeviceError::Gone,
            ErrorKind::PermissionDenied => {
                DeviceError::Permission(format!("{folder}: this user must be able to read and write the virtual drive's folder"))
            }
            _ => DeviceError::Other(format!("virtual drive {folder}: {error}")),
        }
    }
}
