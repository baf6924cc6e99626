//! What SOURCE is, and which disc is in it.

use crate::{
    domain::disc::{DiscKind, Medium},
    filesystems::{self, IdentifyFailure},
    imaging::StopFlag,
    optical::{DeviceAddress, OpticalDevice},
};
use std::{
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::Path,
    time::{Duration, Instant},
};

/// How long a drive may take to spin up; cheap USB drives need 60 s.
const PATIENCE: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(500);
/// Major number of SCSI CD-ROM drives (Linux: Documentation/admin-guide/devices.txt).
const SCSI_CDROM_MAJOR: u64 = 11;

/// Finds out what kind of source a path is.
///
/// # Errors
/// A sentence that says what can be a source.
pub fn address(path: &Path) -> Result<DeviceAddress, String> {
    let shown = path.display();
    let metadata =
        std::fs::metadata(path).map_err(|error| format!("{shown}: {error}; give a drive like /dev/sr0 or an image file"))?;
    let kind = metadata.file_type();
    if kind.is_block_device() && nix::libc::major(metadata.rdev()) as u64 == SCSI_CDROM_MAJOR {
        return Ok(DeviceAddress::Scsi(path.to_owned()));
    }
    if kind.is_dir() {
        let is_drive = ["drive.toml", "state.json"].iter().any(|name| path.join(name).exists());
        let refused = || format!("{shown} is a folder but no virtual drive; give a drive like /dev/sr0 or an image file");
        return is_drive.then(|| DeviceAddress::Virtual(path.to_owned())).ok_or_else(refused);
    }
    if kind.is_file() || kind.is_block_device() {
        return Ok(DeviceAddress::ImageFile(path.to_owned()));
    }
    Err(format!("{shown} is no optical drive; give a drive like /dev/sr0 or an image file"))
}

/// Opens the source and identifies the disc in it.
///
/// # Errors
/// A sentence that says what to do, also for discs of which an `.iso` would be no honest image.
pub fn identify(address: &DeviceAddress, path: &Path, stop: &StopFlag) -> Result<(Box<dyn OpticalDevice>, Medium), String> {
    let shown = path.display();
    let explain = |failure: IdentifyFailure| match failure {
        IdentifyFailure::NoMedium => format!("{shown}: no disc; insert one"),
        IdentifyFailure::NotReady => format!("{shown}: the drive does not get ready; open and close its tray"),
        IdentifyFailure::Blank => format!("{shown}: the disc is blank; insert a recorded one"),
        IdentifyFailure::Unreadable(_) => format!("{shown}: {failure}; clean it or try another drive"),
        failure => format!("{shown}: {failure}"),
    };
    let mut device = address.open().map_err(|error| format!("{shown}: {error}"))?;
    let since = Instant::now();
    let medium = loop {
        stop.check().map_err(|_| "stopped".to_owned())?;
        match filesystems::identify(&mut *device) {
            Err(IdentifyFailure::NotReady | IdentifyFailure::Changed) if since.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
            result => break result.map_err(explain)?,
        }
    };
    let refused = match medium.kind {
        _ if medium.size.sectors == 0 => "neither drive nor disc say how big the disc is; try another drive",
        kind if kind.fits_iso() => return Ok((device, medium)),
        DiscKind::AudioCd | DiscKind::MixedMode => {
            "a disc with audio tracks does not fit into an .iso; this version images data discs only"
        }
        DiscKind::Blank => "the disc is blank; insert a recorded one",
        _ => "no file system was found, so this is no disc or an unreadable one; clean it or try another drive",
    };
    Err(format!("{shown}: {refused}"))
}
