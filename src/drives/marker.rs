//! A file that says that a drive is being read, for udev.
//!
//! udev answers a press of the eject button by unlocking and opening the tray, whoever reads. `deploy/60-disk2iso.rules` keeps it from
//! that as long as this file exists: `reading/NODE` in the folder that systemd makes for the service (`RuntimeDirectory=`) and
//! removes with it. Without such a folder there is no file, and udev does as it does.

use crate::optical::DeviceAddress;
use std::{fs, path::PathBuf};

/// Where the files are.
#[derive(Debug, Clone, Default)]
pub(super) struct Marker(Option<PathBuf>);

impl Marker {
    /// In the service's own folder below `/run`.
    pub(super) fn of_service() -> Self {
        // Several folders are separated by colons; ours is the only one in the unit.
        let folder = std::env::var_os("RUNTIME_DIRECTORY").map(PathBuf::from).filter(|folder| folder.is_absolute());
        Self(folder.map(|folder| folder.join("reading")))
    }

    /// Says that the drive is being read, or not any more.
    pub(super) fn set(&self, address: &DeviceAddress, reading: bool) {
        let (Some(folder), DeviceAddress::Scsi(node)) = (&self.0, address) else { return };
        let Some(name) = node.file_name() else { return };
        let file = folder.join(name);
        let done = if reading { fs::create_dir_all(folder).and_then(|()| fs::write(&file, "")) } else { fs::remove_file(&file) };
        if let Err(error) = done.or_else(|error| if reading || file.exists() { Err(error) } else { Ok(()) }) {
            tracing::warn!(file = %file.display(), %error, "udev is not told whether this drive is being read");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drive_is_marked_while_it_is_read() {
        let folder = tempfile::tempdir().expect("folder");
        let marker = Marker(Some(folder.path().join("reading")));
        let (drive, file) = (DeviceAddress::Scsi("/dev/sr3".into()), folder.path().join("reading/sr3"));
        marker.set(&drive, false);
        assert!(!file.exists());
        marker.set(&drive, true);
        assert!(file.exists());
        marker.set(&DeviceAddress::Virtual("/srv/sr3".into()), false);
        assert!(file.exists(), "a folder is no drive that udev knows");
        marker.set(&drive, false);
        assert!(!file.exists());
        Marker::default().set(&drive, true);
        assert!(!file.exists());
    }
}
