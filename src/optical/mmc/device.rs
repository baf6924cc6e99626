//! The port to drives, answered with MMC commands.

use super::{CdStatus, MmcDrive, Transport, drive::LONG, parse};
use crate::{
    domain::{
        disc::{MediaProfile, Toc},
        drive::TrayStatus,
        ids::{Lba, SECTOR},
    },
    optical::{DeviceError, DeviceIdentity, DeviceStatus, OpticalDevice, Sense},
};
use std::time::Duration;

/// How often a reader asks the kernel whether the medium was changed: the drive's own notice reaches only whoever sends the
/// next command, and that may be udev or the kernel's polling.
const CHANGE_CHECK: Duration = Duration::from_millis(500);

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
        let mut data = [0; 8];
        match self.command(&[0x46, 0, 0, 0, 0, 0, 0, 0, 8, 0], &mut data, LONG) {
            Ok(got) => match parse::profile(&data[..got])? {
                // No medium, or none that the drive knows what to do with: it says which when it is asked to be ready.
                0 => Err(self.test_ready().err().unwrap_or(DeviceError::NoMedium)),
                profile => Ok(MediaProfile(profile)),
            },
            Err(DeviceError::Refused(_)) => self.old_profile(),
            Err(error) => Err(error),
        }
    }

    fn toc(&mut self) -> Result<Toc, DeviceError> {
        self.check_change()?;
        // 99 tracks and the lead-out.
        let mut data = [0; 4 + 100 * 8];
        let got = self.command(&[0x43, 0, 0, 0, 0, 0, 0, 0x03, 0x24, 0], &mut data, LONG)?;
        let mut toc = parse::toc(&data[..got])?;
        // Sessions matter on CDs only; DVD drives refuse or invent this format.
        if toc.tracks.len() > 1 {
            let mut raw = vec![0; 2048];
            if let Ok(got) = self.command(&[0x43, 0, 2, 0, 0, 0, 1, 0x08, 0, 0], &mut raw, LONG) {
                parse::sessions(&raw[..got], &mut toc);
            }
        }
        Ok(toc)
    }

    fn capacity(&mut self) -> Result<u64, DeviceError> {
        self.check_change()?;
        let mut data = [0; 8];
        let got = self.command(&[0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0], &mut data, LONG)?;
        parse::capacity(&data[..got])
    }

    fn is_blank(&mut self) -> Result<bool, DeviceError> {
        match self.disc_information() {
            Ok((blank, _)) => Ok(blank),
            Err(DeviceError::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn read(&mut self, start: Lba, buffer: &mut [u8], limit: Duration) -> Result<(), DeviceError> {
        let bytes = buffer.len() as u64;
        let sectors = bytes / SECTOR;
        if sectors == 0 || !bytes.is_multiple_of(SECTOR) || sectors > self.max_transfer {
            let most = self.max_transfer;
            return Err(DeviceError::Refused(format!(
                "a read of {bytes} bytes: 1 to {most} sectors of {SECTOR} bytes are possible"
            )));
        }
        let past_the_end = || DeviceError::OutOfRange(Sense { key: 5, asc: 0x21, ascq: 0 });
        let lba = u32::try_from(start.0).map_err(|_| past_the_end())?;
        let count = u16::try_from(sectors).map_err(|_| past_the_end())?;
        if self.changed || self.checked.is_none_or(|last| last.elapsed() >= CHANGE_CHECK) {
            self.check_change()?;
        }
        match self.read_command(lba, count, buffer, limit) {
            Ok(got) if got == buffer.len() => Ok(()),
            Ok(got) => Err(DeviceError::Other(format!("sector {start}: the drive sent {got} of {bytes} bytes and said nothing"))),
            // Is the sector bad, or is this another disc by now?
            Err(error @ (DeviceError::Medium(_) | DeviceError::OutOfRange(_))) => self.check_change().and(Err(error)),
            Err(error) => Err(error),
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
