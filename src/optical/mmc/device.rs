//! The port to drives, answered with MMC commands.

use super::{
    CdStatus, MmcDrive, Transport,
    drive::{LONG, SHORT},
    parse,
};
use crate::{
    domain::{
        disc::{DiscInformation, DiscState, MediaProfile, PhysicalStructure, Protection, Toc, TrackInformation},
        drive::TrayStatus,
        ids::{Lba, SECTOR},
    },
    optical::{DeviceError, DeviceIdentity, DeviceStatus, OpticalDevice, RawLayout},
};
use std::time::Duration;

impl<T: Transport> OpticalDevice for MmcDrive<T> {
    fn identity(&mut self) -> Result<DeviceIdentity, DeviceError> {
        Ok(self.identity.clone())
    }

    fn status(&mut self) -> Result<DeviceStatus, DeviceError> {
        let tray = match self.transport.cd_status()? {
            CdStatus::NoDisc => TrayStatus::Empty,
            CdStatus::TrayOpen => TrayStatus::Open,
            CdStatus::NotReady => TrayStatus::BecomingReady,
            CdStatus::DiscOk => TrayStatus::Loaded,
            CdStatus::NoInfo => match self.test_ready() {
                Err(DeviceError::NoMedium) => TrayStatus::Empty,
                Err(DeviceError::NotReady(_)) => TrayStatus::BecomingReady,
                Err(error @ (DeviceError::Gone | DeviceError::Timeout(_) | DeviceError::Permission(_))) => return Err(error),
                _ => TrayStatus::Loaded,
            },
        };
        Ok(DeviceStatus { tray, insertion: None })
    }

    fn profile(&mut self) -> Result<MediaProfile, DeviceError> {
        self.check_change()?;
        self.current_profile()
    }

    fn toc(&mut self) -> Result<Toc, DeviceError> {
        self.check_change()?;
        self.contents()
    }

    fn capacity(&mut self) -> Result<u64, DeviceError> {
        self.check_change()?;
        let mut data = [0; 8];
        let got = self.command(&[0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0], &mut data, LONG)?;
        parse::capacity(&data[..got])
    }

    fn is_blank(&mut self) -> Result<bool, DeviceError> {
        match self.information() {
            Ok(information) => Ok(information.state == DiscState::Empty),
            Err(DeviceError::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn read(&mut self, start: Lba, buffer: &mut [u8], limit: Duration) -> Result<(), DeviceError> {
        self.read_sectors(start, buffer, limit, false)
    }

    fn read_again(&mut self, start: Lba, buffer: &mut [u8], limit: Duration) -> Result<(), DeviceError> {
        self.read_sectors(start, buffer, limit, true)
    }

    fn read_raw(&mut self, start: Lba, buffer: &mut [u8], layout: RawLayout, limit: Duration) -> Result<(), DeviceError> {
        self.read_frames(start, buffer, layout, limit)
    }

    fn disc_information(&mut self) -> Result<DiscInformation, DeviceError> {
        self.check_change()?;
        self.information()
    }

    fn tracks(&mut self) -> Result<Vec<TrackInformation>, DeviceError> {
        self.check_change()?;
        self.track_list()
    }

    fn structure(&mut self) -> Result<PhysicalStructure, DeviceError> {
        self.check_change()?;
        self.layers()
    }

    fn protection(&mut self) -> Result<Option<Protection>, DeviceError> {
        self.check_change()?;
        self.declared_protection()
    }

    fn block_device_sectors(&mut self) -> Option<u64> {
        self.transport.block_device_bytes().map(|bytes| bytes / SECTOR)
    }

    fn cd_text(&mut self) -> Result<Vec<u8>, DeviceError> {
        self.check_change()?;
        self.text_packs()
    }

    fn catalogue_number(&mut self) -> Result<Option<String>, DeviceError> {
        self.check_change()?;
        Ok(parse::catalogue_number(&self.subchannel(2, 0)?))
    }

    fn isrc(&mut self, track: u8) -> Result<Option<String>, DeviceError> {
        self.check_change()?;
        Ok(parse::isrc(&self.subchannel(3, track)?))
    }

    fn set_speed(&mut self, kilobytes: Option<u32>) -> Result<(), DeviceError> {
        self.check_change()?;
        self.choose_speed(kilobytes)
    }

    fn recovered_errors(&self) -> u64 {
        self.corrected
    }

    fn lock(&mut self, locked: bool) -> Result<(), DeviceError> {
        self.attentive(&[0x1e, 0, 0, 0, u8::from(locked), 0]).map(|_| ())
    }

    fn eject_requested(&mut self) -> Result<bool, DeviceError> {
        let mut data = [0; 8];
        match self.command(&[0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8, 0], &mut data, SHORT) {
            Ok(got) => Ok(parse::eject_request(&data[..got])),
            Err(error @ (DeviceError::Gone | DeviceError::Permission(_))) => Err(error),
            // Drives without such events have a button that opens the tray.
            Err(_) => Ok(false),
        }
    }

    fn max_transfer(&self) -> u32 {
        u32::try_from(self.max_transfer).unwrap_or(1)
    }

    fn eject(&mut self) -> Result<(), DeviceError> {
        // PREVENT ALLOW MEDIUM REMOVAL: udev locks the tray while a disc is in.
        self.attentive(&[0x1e, 0, 0, 0, 0, 0]).or_else(|error| match error {
            DeviceError::Gone | DeviceError::Permission(_) | DeviceError::Timeout(_) => Err(error),
            _ => Ok(0),
        })?;
        // Drives without a tray are empty when the disc has come out.
        self.move_tray(0, |tray, obeyed| tray == TrayStatus::Open || (obeyed && tray == TrayStatus::Empty), "open")
    }

    fn close_tray(&mut self) -> Result<(), DeviceError> {
        self.move_tray(1, |tray, _| tray != TrayStatus::Open, "close")
    }
}
