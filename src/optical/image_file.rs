//! An image file (or the node of a block device) read as if it were a disc: `disk2iso image FILE`.

use super::{DeviceError, DeviceIdentity, DeviceStatus, OpticalDevice, Sense};
use crate::domain::{
    disc::{MediaProfile, Toc, Track},
    drive::TrayStatus,
    ids::{Lba, SECTOR},
};
use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use std::{
    fs::File,
    io::{ErrorKind, Seek, SeekFrom},
    os::unix::fs::{FileExt, FileTypeExt},
    path::{Path, PathBuf},
    time::Duration,
};

/// Most sectors in one `read`: 256 KiB, which is where `pread` stops getting faster.
pub(super) const MAX_TRANSFER: u32 = 128;

/// A disc with fewer sectors is taken for a CD: 900 MB, the longest overburned CD-R (99 minutes).
const CD_SECTORS: u64 = 440_000;
/// Largest number of sectors taken for a DVD: 8.6 GB, both layers of a DVD-9.
const DVD_SECTORS: u64 = 4_200_000;

/// Profile of a pressed disc that this many sectors would fit on.
pub(crate) fn profile_for_size(sectors: u64) -> MediaProfile {
    match sectors {
        0..CD_SECTORS => MediaProfile::CD_ROM,
        CD_SECTORS..=DVD_SECTORS => MediaProfile::DVD_ROM,
        _ => MediaProfile::BD_ROM,
    }
}

/// Table of contents of a disc with a single data track.
pub(super) fn one_data_track(sectors: u64) -> Toc {
    Toc { tracks: vec![Track::data(1, 1, 0)], lead_out: sectors, sessions: Vec::new() }
}

/// Opens an image and counts its sectors.
///
/// # Errors
/// [`DeviceError::Refused`] if there is no such file, if it is empty, or if it ends in the middle of a sector: padding it
/// would make an image of something that was never on a disc.
pub(super) fn open_image(path: &Path) -> Result<(File, u64), DeviceError> {
    let shown = path.display();
    let refused = |why: &str| DeviceError::Refused(format!("{shown}: {why}"));
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => refused("no such file"),
        ErrorKind::PermissionDenied => DeviceError::Permission(format!("{shown}: this user may not read it")),
        _ => DeviceError::Other(format!("{shown}: {error}")),
    };
    // The kind is looked at before opening: opening a named pipe would wait for a writer.
    let kind = std::fs::metadata(path).map_err(failed)?.file_type();
    if !kind.is_file() && !kind.is_block_device() {
        return Err(refused("neither a regular file nor a block device"));
    }
    let mut file = File::open(path).map_err(failed)?;
    // Metadata says 0 for the node of a block device; the end of the file is right for both.
    let bytes = file.seek(SeekFrom::End(0)).map_err(failed)?;
    if bytes == 0 {
        return Err(refused("empty"));
    }
    if !bytes.is_multiple_of(SECTOR) {
        return Err(refused(&format!(
            "{bytes} bytes are not a whole number of {SECTOR}-byte sectors ({} bytes too many); is it cut off, or raw (bin)?",
            bytes % SECTOR
        )));
    }
    // Advice only: reading works without.
    let _ = posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_SEQUENTIAL);
    Ok((file, bytes / SECTOR))
}

/// Number of sectors that `buffer` holds, after checking that `start` and they lie on a medium of `sectors`.
pub(super) fn check_range(start: Lba, buffer: &[u8], sectors: u64) -> Result<u64, DeviceError> {
    let bytes = buffer.len() as u64;
    if bytes == 0 || !bytes.is_multiple_of(SECTOR) || bytes / SECTOR > u64::from(MAX_TRANSFER) {
        return Err(DeviceError::Refused(format!(
            "a read of {bytes} bytes: 1 to {MAX_TRANSFER} sectors of {SECTOR} bytes are possible"
        )));
    }
    let count = bytes / SECTOR;
    match start.0.checked_add(count) {
        Some(end) if end <= sectors => Ok(count),
        _ => Err(DeviceError::OutOfRange(Sense { key: 5, asc: 0x21, ascq: 0 })),
    }
}

/// An opened image file.
pub(super) struct ImageFile {
    path: PathBuf,
    file: File,
    sectors: u64,
}

impl ImageFile {
    /// Opens it; see [`open_image`].
    pub(super) fn open(path: &Path) -> Result<Self, DeviceError> {
        let (file, sectors) = open_image(path)?;
        Ok(Self { path: path.to_owned(), file, sectors })
    }
}

impl OpticalDevice for ImageFile {
    fn identity(&mut self) -> Result<DeviceIdentity, DeviceError> {
        let firmware = env!("CARGO_PKG_VERSION").to_owned();
        Ok(DeviceIdentity { vendor: "disk2iso".to_owned(), model: "Image file".to_owned(), firmware, serial: String::new() })
    }

    fn status(&mut self) -> Result<DeviceStatus, DeviceError> {
        Ok(DeviceStatus { tray: TrayStatus::Loaded, insertion: None })
    }

    fn profile(&mut self) -> Result<MediaProfile, DeviceError> {
        Ok(profile_for_size(self.sectors))
    }

    fn toc(&mut self) -> Result<Toc, DeviceError> {
        Ok(one_data_track(self.sectors))
    }

    fn capacity(&mut self) -> Result<u64, DeviceError> {
        Ok(self.sectors)
    }

    fn read(&mut self, start: Lba, buffer: &mut [u8], _limit: Duration) -> Result<(), DeviceError> {
        check_range(start, buffer, self.sectors)?;
        self.file.read_exact_at(buffer, start.byte()).map_err(|error| match error.raw_os_error() {
            // What a block device under the file says about an unreadable sector; it gives no sense data.
            Some(libc::EIO | libc::ENODATA | libc::EILSEQ) => DeviceError::Medium(Sense { key: 3, asc: 0x11, ascq: 0 }),
            Some(libc::ENXIO | libc::ENODEV) => DeviceError::Gone,
            _ => DeviceError::Other(format!("{}, sector {start}: {error}", self.path.display())),
        })
    }

    fn max_transfer(&self) -> u32 {
        MAX_TRANSFER
    }

    fn eject(&mut self) -> Result<(), DeviceError> {
        Err(DeviceError::Refused("an image file has no tray".to_owned()))
    }

    fn close_tray(&mut self) -> Result<(), DeviceError> {
        Err(DeviceError::Refused("an image file has no tray".to_owned()))
    }
}
