//! What a hand does: putting a disc into a virtual drive, pulling the tray, pressing the button.

use super::{media::Media, script::Script, state::State, store::Store};
use crate::{domain::ids::DriveId, optical::DeviceError};
use std::{fs, path::Path, thread};

/// The lasting name of a virtual drive: `virtual-<folder name>`.
pub fn drive_id(folder: &Path) -> DriveId {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    DriveId::new(&format!("virtual-{name}"))
}

/// Makes the folder of a virtual drive, if there is none yet. A new drive is closed and empty.
///
/// # Errors
/// [`DeviceError::Refused`] if the folder cannot be made.
pub fn create(folder: &Path) -> Result<(), DeviceError> {
    fs::create_dir_all(folder)
        .map_err(|error| DeviceError::Refused(format!("the virtual drive's folder {} cannot be made: {error}", folder.display())))
}

/// Puts `image` (a file of 2048-byte sectors, or a description `NAME.disc.toml`) into the virtual drive in `folder` (which is
/// made if missing) and closes the tray: a new insertion.
/// A closed, empty drive opens for it; a disc that lies in an open tray is replaced; a drive that has vanished is back.
/// Waits while the drive hangs. Returns the number of the insertion, from 1.
///
/// # Errors
/// [`DeviceError::Refused`] if a disc is in the closed drive, if the image is not a regular file of whole sectors, or if
/// the description or `drive.toml` has a mistake. Nothing is changed then.
pub fn insert(folder: &Path, image: &Path) -> Result<u64, DeviceError> {
    let refused = |why: &str| DeviceError::Refused(format!("{}: {why}", image.display()));
    let sectors = Media::open(image, None)?.sectors;
    if !fs::metadata(image).is_ok_and(|meta| meta.is_file()) {
        return Err(refused("not a regular file"));
    }
    // The service and its workers need not share a working folder.
    let absolute = fs::canonicalize(image).map_err(|error| refused(&error.to_string()))?;
    if absolute.to_str().is_none() {
        return Err(refused("a virtual drive needs a path in UTF-8"));
    }
    create(folder)?;
    let mut store = Store::open(folder)?;
    loop {
        store.refresh()?;
        let inserted = store.update(|state| {
            if state.hangs_for().is_some() {
                return Ok((false, None));
            }
            if let Some(disc) = state.loaded().filter(|_| !state.is_gone()) {
                let text = format!("{} holds {}; eject it first", folder.display(), disc.image.display());
                return Err(DeviceError::Refused(text));
            }
            state.insert(absolute.clone(), sectors, Script::load(folder)?);
            Ok((true, Some(state.insertions)))
        })?;
        match (inserted, store.state().hangs_for()) {
            (Some(insertion), _) => return Ok(insertion),
            (None, Some(left)) => thread::sleep(left.min(super::HANG_STEP)),
            (None, None) => {}
        }
    }
}

/// Presses the drive's button: an open tray closes, a closed one opens, and one that is locked asks the computer.
/// Waits while the drive hangs.
///
/// # Errors
/// [`DeviceError::Gone`] if there is no such drive.
pub fn press_button(folder: &Path) -> Result<(), DeviceError> {
    by_hand(folder, |state| match (state.tray_open, state.locked) {
        (true, _) => state.close(),
        (false, true) => state.eject_requested = true,
        (false, false) => state.tray_open = true,
    })
}

/// Opens the tray as the needle in the little hole does: whatever the lock says.
///
/// # Errors
/// [`DeviceError::Gone`] if there is no such drive.
pub fn eject(folder: &Path) -> Result<(), DeviceError> {
    by_hand(folder, |state| state.tray_open = true)
}

fn by_hand(folder: &Path, act: impl Fn(&mut State)) -> Result<(), DeviceError> {
    let mut store = Store::open(folder)?;
    loop {
        store.refresh()?;
        let left = store.update(|state| match state.hangs_for() {
            Some(left) => Ok((false, Some(left))),
            None => {
                act(state);
                Ok((true, None))
            }
        })?;
        match left {
            Some(left) => thread::sleep(left.min(super::HANG_STEP)),
            None => return Ok(()),
        }
    }
}
