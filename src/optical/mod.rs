//! The port to optical drives, and what implements it.
//!
//! [`OpticalDevice`] is one opened drive. [`DeviceAddress`] says where a drive is and opens it: a real one by its device node
//! (`scsi`), a virtual one by its folder (`virtual_drive`), or a plain image file. All calls block; whoever calls them owns a
//! thread (or a whole child process) that may hang, because a read on a bad disc can hang in the kernel.

mod image_file;
pub(crate) mod mmc;
mod scsi;
mod sense;
mod virtual_drive;

pub mod hotplug;
pub(crate) use image_file::profile_for_size;
/// Answers of drives as bytes, parsed.
pub use mmc::parse as answers;
pub use sense::Sense;
pub use virtual_drive::{
    create as virtual_create, drive_id as virtual_drive_id, eject as virtual_eject, insert as virtual_insert,
    press_button as virtual_press_button, serve as virtual_serve,
};

use crate::domain::{
    disc::{DiscInformation, MediaProfile, PhysicalStructure, Protection, Toc, TrackInformation},
    drive::TrayStatus,
    ids::Lba,
};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Duration};

/// Where a drive is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", content = "path")]
pub enum DeviceAddress {
    /// A real drive: its device node, for example `/dev/sr0`.
    Scsi(PathBuf),
    /// A virtual drive: its folder.
    Virtual(PathBuf),
    /// An image file, read as if it were a disc (`disk2iso image FILE`).
    ImageFile(PathBuf),
}

/// What a drive says about itself (INQUIRY). Strings are trimmed and free of control characters; empty if unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceIdentity {
    /// Manufacturer, at most 8 characters.
    pub vendor: String,
    /// Model, at most 16 characters.
    pub model: String,
    /// Firmware revision.
    pub firmware: String,
    /// Serial number; evidence only: it can be missing, shared or changing on USB bridges.
    pub serial: String,
}

/// What `status` sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceStatus {
    /// Tray and medium.
    pub tray: TrayStatus,
    /// Number that grows with each insertion where the drive can know it (virtual drives); `None` on real drives.
    pub insertion: Option<u64>,
}

/// Why a command failed, in the terms that decide what happens next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// The sector is unreadable (sense 3/xx); other sectors may be fine.
    #[error("unreadable sector ({0})")]
    Medium(Sense),
    /// Past the end of the medium (5/21): not damage.
    #[error("past the end of the medium ({0})")]
    OutOfRange(Sense),
    /// An audio track, or another mode than was asked for (5/64): not damage.
    #[error("wrong mode for this track ({0})")]
    WrongMode(Sense),
    /// Copy-protected sector (5/6F): detected and reported, never circumvented.
    #[error("copy-protected ({0})")]
    Protected(Sense),
    /// Becoming ready (2/04).
    #[error("drive not ready ({0})")]
    NotReady(Sense),
    /// No medium (2/3A).
    #[error("no medium")]
    NoMedium,
    /// The medium was changed (6/28) since it was identified: whatever is read now may be of another disc.
    #[error("the medium was changed")]
    MediumChanged,
    /// The command did not finish within its time limit.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The drive is gone (unplugged, folder removed).
    #[error("the drive is gone")]
    Gone,
    /// No permission; the text says which group or rule is missing.
    #[error("no permission: {0}")]
    Permission(String),
    /// The drive refused a command that it should know (5/20, 5/24), or the tray is locked, or it is not a drive at all.
    #[error("not possible: {0}")]
    Refused(String),
    /// Anything else (hardware errors 4/xx, unexpected errors of the system).
    #[error("{0}")]
    Other(String),
}

/// What one raw frame of a CD consists of when it comes from [`OpticalDevice::read_raw`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RawLayout {
    /// 2352 bytes: audio samples (little-endian), or sync, header, data and error correction of a data sector.
    Main,
    /// The same and 294 bytes of C2 error bits, one per byte of the frame: the drive's own word that bytes are wrong.
    MainC2,
    /// The same as `Main` and 96 bytes of raw P to W sub-channel, interleaved as on the disc.
    MainSub,
}

impl RawLayout {
    /// Bytes of one frame.
    pub fn frame(self) -> usize {
        match self {
            Self::Main => 2352,
            Self::MainC2 => 2352 + 294,
            Self::MainSub => 2352 + 96,
        }
    }
}

/// The error of commands that an implementation does not have.
fn unknown_command<T>(what: &str) -> Result<T, DeviceError> {
    Err(DeviceError::Refused(format!("this drive cannot {what}")))
}

/// One opened drive (or image file). Implementations are held to one conformance suite (`tests/it/optical.rs`).
pub trait OpticalDevice: Send {
    /// Vendor, model, firmware, serial.
    ///
    /// # Errors
    /// [`DeviceError`] as for all methods here.
    fn identity(&mut self) -> Result<DeviceIdentity, DeviceError>;

    /// Tray and medium; never spins a disc up, never closes a tray.
    ///
    /// # Errors
    /// [`DeviceError::Gone`] when there is no such drive any more.
    fn status(&mut self) -> Result<DeviceStatus, DeviceError>;

    /// Current profile.
    ///
    /// # Errors
    /// [`DeviceError::NoMedium`] without a medium.
    fn profile(&mut self) -> Result<MediaProfile, DeviceError>;

    /// Table of contents.
    ///
    /// # Errors
    /// [`DeviceError::Refused`] where the medium has none.
    fn toc(&mut self) -> Result<Toc, DeviceError>;

    /// Whether a recordable medium has nothing on it. `false` where the drive cannot say, and for media that a drive
    /// calls complete before anything is written on them (DVD+RW, DVD-RAM, BD-RE).
    ///
    /// # Errors
    /// [`DeviceError::NoMedium`] without a medium.
    fn is_blank(&mut self) -> Result<bool, DeviceError> {
        Ok(false)
    }

    /// Capacity in sectors (last LBA + 1).
    ///
    /// # Errors
    /// [`DeviceError`] when the drive gives no plausible number.
    fn capacity(&mut self) -> Result<u64, DeviceError>;

    /// Reads `buffer.len() / 2048` sectors from `start`: all of them or an error. After an error the buffer's content means nothing.
    /// `limit` bounds the time of one command where the device can enforce it.
    ///
    /// # Errors
    /// [`DeviceError::Medium`] if at least one of the sectors is unreadable, and the others as documented there.
    fn read(&mut self, start: Lba, buffer: &mut [u8], limit: Duration) -> Result<(), DeviceError>;

    /// Like [`read`](Self::read), from the medium itself and not from the drive's cache (FUA) where the drive can do that.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn read_again(&mut self, start: Lba, buffer: &mut [u8], limit: Duration) -> Result<(), DeviceError> {
        self.read(start, buffer, limit)
    }

    /// Reads `buffer.len() / layout.frame()` raw frames of a CD from `start` (READ CD): all of them or an error.
    ///
    /// # Errors
    /// As [`read`](Self::read); [`DeviceError::Refused`] if the drive or the medium cannot.
    fn read_raw(&mut self, _start: Lba, _buffer: &mut [u8], _layout: RawLayout, _limit: Duration) -> Result<(), DeviceError> {
        unknown_command("read raw frames")
    }

    /// READ DISC INFORMATION.
    ///
    /// # Errors
    /// [`DeviceError::Refused`] where the drive cannot say.
    fn disc_information(&mut self) -> Result<DiscInformation, DeviceError> {
        unknown_command("tell about the disc")
    }

    /// READ TRACK INFORMATION of each track, in order, at most 99.
    ///
    /// # Errors
    /// [`DeviceError::Refused`] where the drive cannot say.
    fn tracks(&mut self) -> Result<Vec<TrackInformation>, DeviceError> {
        unknown_command("tell about tracks")
    }

    /// Physical structure of a DVD or Blu-ray disc.
    ///
    /// # Errors
    /// [`DeviceError::Refused`] where there is none (CDs) or the drive cannot say.
    fn structure(&mut self) -> Result<PhysicalStructure, DeviceError> {
        unknown_command("tell about layers")
    }

    /// Copy protection that the disc declares; `None` if it declares none.
    ///
    /// # Errors
    /// [`DeviceError::Refused`] where the drive cannot say.
    fn protection(&mut self) -> Result<Option<Protection>, DeviceError> {
        unknown_command("tell about copy protection")
    }

    /// Size of the block device in sectors as the kernel sees it, `None` where there is none.
    fn block_device_sectors(&mut self) -> Option<u64> {
        None
    }

    /// CD-Text packs of 18 bytes each (READ TOC format 5 without its header); empty if the disc has none.
    ///
    /// # Errors
    /// [`DeviceError::Refused`] where the drive cannot say.
    fn cd_text(&mut self) -> Result<Vec<u8>, DeviceError> {
        unknown_command("read CD-Text")
    }

    /// Media catalogue number (13 digits) from the Q sub-channel, `None` if the disc has none.
    ///
    /// # Errors
    /// [`DeviceError::Refused`] where the drive cannot say.
    fn catalogue_number(&mut self) -> Result<Option<String>, DeviceError> {
        unknown_command("read the catalogue number")
    }

    /// International Standard Recording Code (12 characters) of a track, `None` if it has none.
    ///
    /// # Errors
    /// [`DeviceError::Refused`] where the drive cannot say.
    fn isrc(&mut self, _track: u8) -> Result<Option<String>, DeviceError> {
        unknown_command("read recording codes")
    }

    /// Limits the reading speed to this many kilobytes (1000 bytes) per second; `None` is as fast as the drive can. Drives
    /// choose the nearest speed they know.
    ///
    /// # Errors
    /// [`DeviceError::Refused`] where the drive has one speed only.
    fn set_speed(&mut self, _kilobytes: Option<u32>) -> Result<(), DeviceError> {
        unknown_command("change its speed")
    }

    /// Errors that the drive has reported as recovered (sense 1/xx) on this handle.
    fn recovered_errors(&self) -> u64 {
        0
    }

    /// Keeps the tray shut, or lets it open at the button.
    ///
    /// # Errors
    /// [`DeviceError::Refused`] where the drive has no lock.
    fn lock(&mut self, _locked: bool) -> Result<(), DeviceError> {
        unknown_command("lock its tray")
    }

    /// Whether somebody pressed the drive's eject button since this was last asked (GET EVENT STATUS NOTIFICATION, event 1).
    /// A hint: such events reach one reader only.
    ///
    /// # Errors
    /// [`DeviceError`] as for all methods here.
    fn eject_requested(&mut self) -> Result<bool, DeviceError> {
        Ok(false)
    }

    /// Most sectors that one `read` may ask for.
    fn max_transfer(&self) -> u32;

    /// Unlocks the tray, opens it and checks that it is open.
    ///
    /// # Errors
    /// [`DeviceError::Refused`] when it stays closed.
    fn eject(&mut self) -> Result<(), DeviceError>;

    /// Closes the tray.
    ///
    /// # Errors
    /// [`DeviceError::Refused`] when it stays open (slim drives cannot).
    fn close_tray(&mut self) -> Result<(), DeviceError>;
}

impl DeviceAddress {
    /// Opens the drive without waiting for a medium and without closing its tray.
    ///
    /// # Errors
    /// [`DeviceError::Gone`], [`DeviceError::Permission`], or [`DeviceError::Refused`] if it is no optical drive.
    pub fn open(&self) -> Result<Box<dyn OpticalDevice>, DeviceError> {
        Ok(match self {
            Self::Scsi(node) => Box::new(mmc::MmcDrive::new(scsi::ScsiNode::open(node)?)?),
            Self::Virtual(folder) => Box::new(virtual_drive::VirtualDrive::open(folder)?),
            Self::ImageFile(file) => Box::new(image_file::ImageFile::open(file)?),
        })
    }
}
