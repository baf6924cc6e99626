//! A folder that behaves like a drive.
//!
//! ```text
//! FOLDER/drive.toml   written by people: speed_bytes_per_second, profile, [[fault]] …; read at each insertion
//! FOLDER/state.json   written by the drive: tray, disc, the script as it was at insertion, which faults have happened
//! FOLDER/state.lock   held while state.json is replaced
//! ```
//! What is put in is an image of 2048-byte sectors, or a description of a disc (`description`: sessions, audio tracks,
//! sub-channels, layers …). Several processes may hold the same drive open (the service and its read-worker); the folder is
//! what they share, and it survives them. Faults that happen "once" happen once per insertion, whoever reads. During a
//! `hang` no command of any process is answered, also after the process that ran into it was killed: so does a wedged drive.
//!
//! The drive itself is [`SoftTarget`], which answers SCSI commands; [`VirtualDrive`] is the product's own MMC code on top of
//! it, with the few things that SCSI cannot say.

mod deadline;
mod description;
mod fault;
mod insert;
mod keys;
mod media;
mod pacer;
mod script;
mod serve;
mod state;
mod store;
mod target;

pub use insert::{create, drive_id, eject, insert, press_button};
pub use serve::serve;

use super::{DeviceError, DeviceIdentity, DeviceStatus, OpticalDevice, RawLayout, image_file::MAX_TRANSFER, mmc::MmcDrive};
use crate::domain::{
    disc::{DiscInformation, MediaProfile, PhysicalStructure, Protection, Toc, TrackInformation},
    ids::Lba,
};
use std::{path::Path, time::Duration};
use target::SoftTarget;

/// How often a command that waits for the end of a hang looks whether the drive still exists.
const HANG_STEP: Duration = Duration::from_millis(50);

/// One handle on a virtual drive.
pub(super) struct VirtualDrive {
    drive: MmcDrive<SoftTarget>,
    /// Whether the drive has said who it is: it is asked at the first command, because opening does not wait for a hang.
    introduced: bool,
}

impl VirtualDrive {
    /// Opens a virtual drive. Like the opening of a real one it does not wait for the end of a hang; the first command does.
    ///
    /// # Errors
    /// [`DeviceError::Gone`] if there is no such folder or the drive has vanished.
    pub(super) fn open(folder: &Path) -> Result<Self, DeviceError> {
        Ok(Self { drive: MmcDrive::silent(SoftTarget::open(folder)?), introduced: false })
    }

    fn drive(&mut self) -> Result<&mut MmcDrive<SoftTarget>, DeviceError> {
        if !self.introduced {
            self.drive.introduce()?;
            self.introduced = true;
        }
        Ok(&mut self.drive)
    }
}

impl OpticalDevice for VirtualDrive {
    fn identity(&mut self) -> Result<DeviceIdentity, DeviceError> {
        self.drive.transport().answer()?;
        self.drive()?.identity()
    }

    fn status(&mut self) -> Result<DeviceStatus, DeviceError> {
        let status = self.drive()?.status()?;
        // Real drives cannot count.
        Ok(DeviceStatus { insertion: Some(self.drive.transport().insertions()), ..status })
    }

    fn profile(&mut self) -> Result<MediaProfile, DeviceError> {
        self.drive()?.profile()
    }

    fn toc(&mut self) -> Result<Toc, DeviceError> {
        self.drive()?.toc()
    }

    fn is_blank(&mut self) -> Result<bool, DeviceError> {
        self.drive()?.is_blank()
    }

    fn capacity(&mut self) -> Result<u64, DeviceError> {
        self.drive()?.capacity()
    }

    /// `limit` is not enforced: a hanging drive does not keep time limits, and slow sectors only take long.
    fn read(&mut self, start: Lba, buffer: &mut [u8], limit: Duration) -> Result<(), DeviceError> {
        self.drive()?.read(start, buffer, limit)
    }

    fn read_again(&mut self, start: Lba, buffer: &mut [u8], limit: Duration) -> Result<(), DeviceError> {
        self.drive()?.read_again(start, buffer, limit)
    }

    fn read_raw(&mut self, start: Lba, buffer: &mut [u8], layout: RawLayout, limit: Duration) -> Result<(), DeviceError> {
        self.drive()?.read_raw(start, buffer, layout, limit)
    }

    fn disc_information(&mut self) -> Result<DiscInformation, DeviceError> {
        self.drive()?.disc_information()
    }

    fn tracks(&mut self) -> Result<Vec<TrackInformation>, DeviceError> {
        self.drive()?.tracks()
    }

    fn structure(&mut self) -> Result<PhysicalStructure, DeviceError> {
        self.drive()?.structure()
    }

    fn protection(&mut self) -> Result<Option<Protection>, DeviceError> {
        self.drive()?.protection()
    }

    fn cd_text(&mut self) -> Result<Vec<u8>, DeviceError> {
        self.drive()?.cd_text()
    }

    fn catalogue_number(&mut self) -> Result<Option<String>, DeviceError> {
        self.drive()?.catalogue_number()
    }

    fn isrc(&mut self, track: u8) -> Result<Option<String>, DeviceError> {
        self.drive()?.isrc(track)
    }

    fn set_speed(&mut self, kilobytes: Option<u32>) -> Result<(), DeviceError> {
        self.drive()?.set_speed(kilobytes)
    }

    fn recovered_errors(&self) -> u64 {
        self.drive.recovered_errors()
    }

    fn lock(&mut self, locked: bool) -> Result<(), DeviceError> {
        self.drive()?.lock(locked)
    }

    fn eject_requested(&mut self) -> Result<bool, DeviceError> {
        self.drive()?.eject_requested()
    }

    fn max_transfer(&self) -> u32 {
        MAX_TRANSFER
    }

    fn eject(&mut self) -> Result<(), DeviceError> {
        self.drive()?.eject()
    }

    fn close_tray(&mut self) -> Result<(), DeviceError> {
        self.drive()?.close_tray()
    }
}
