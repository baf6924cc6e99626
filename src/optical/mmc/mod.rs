//! What the commands to an optical drive mean (MMC-6, SPC-4), over any [`Transport`]. No `unsafe`, no ioctl.

mod parse;
mod reply;
#[cfg(test)]
mod tests;

pub(super) use reply::Reply;

use super::{DeviceError, DeviceIdentity, DeviceStatus, OpticalDevice, Sense};
use crate::domain::{
    disc::{MediaProfile, Toc},
    drive::TrayStatus,
    ids::{Lba, SECTOR},
};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Time limit of commands that move nothing.
const SHORT: Duration = Duration::from_secs(10);
/// Time limit of commands that may have to wait for a disc to spin up; cheap USB drives take 30 to 60 s.
const LONG: Duration = Duration::from_secs(60);
/// How long a tray may move after its command was accepted.
const TRAY: Duration = Duration::from_secs(15);
/// Most sectors in one command: 128 KiB, which drives and USB bridges take without splitting.
const MAX_TRANSFER: u64 = 64;
/// How often a reader asks the kernel whether the medium was changed: the drive's own notice reaches only whoever sends the
/// next command, and that may be udev or the kernel's polling.
const CHANGE_CHECK: Duration = Duration::from_millis(500);

/// Answer of the kernel's CDROM_DRIVE_STATUS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CdStatus {
    /// The driver cannot say.
    NoInfo,
    /// No disc, tray closed.
    NoDisc,
    /// Tray open.
    TrayOpen,
    /// Becoming ready.
    NotReady,
    /// A disc is there; whether it can be read is another question.
    DiscOk,
}

/// How commands reach a drive.
pub(super) trait Transport: Send {
    /// Sends one command and receives up to `data.len()` bytes. `Err` only if the command did not get through at all.
    fn execute(&mut self, cdb: &[u8], data: &mut [u8], limit: Duration) -> Result<Reply, DeviceError>;

    /// Tray and disc, without moving or spinning up anything.
    fn cd_status(&mut self) -> Result<CdStatus, DeviceError>;

    /// Whether the medium was changed after `moment` (milliseconds of the kernel's clock), which becomes the time of the
    /// latest change. `false` where the kernel cannot say.
    fn medium_changed_after(&mut self, moment: &mut i64) -> bool;

    /// Most bytes in one command, 0 if unknown.
    fn max_bytes(&mut self) -> u64;
}

/// One opened drive.
pub(super) struct MmcDrive<T> {
    transport: T,
    identity: DeviceIdentity,
    max_transfer: u64,
    /// Time of the last change of medium that this handle knows of.
    changed_at: i64,
    checked: Option<Instant>,
    /// A change that was not told yet.
    changed: bool,
    /// The drive does not know READ(10).
    read12: bool,
    /// What the drive said to the last command.
    sense: Option<Sense>,
}

impl<T: Transport> MmcDrive<T> {
    /// Asks the drive who it is.
    ///
    /// # Errors
    /// [`DeviceError::Refused`] if it is no optical drive.
    pub(super) fn new(transport: T) -> Result<Self, DeviceError> {
        let identity = DeviceIdentity::default();
        let mut drive = Self {
            transport,
            identity,
            max_transfer: 16,
            changed_at: 0,
            checked: None,
            changed: false,
            read12: false,
            sense: None,
        };
        let mut data = [0; 36];
        let got = drive.command(&[0x12, 0, 0, 0, 36, 0], &mut data, SHORT)?;
        drive.identity = parse::inquiry(&data[..got])?;
        let mut page = [0; 64];
        if let Ok(got) = drive.command(&[0x12, 1, 0x80, 0, 64, 0], &mut page, SHORT) {
            drive.identity.serial = parse::serial(&page[..got]);
        }
        // Whole ECC blocks of a DVD where the host allows that many bytes.
        let allowed = (drive.transport.max_bytes() / SECTOR).clamp(1, MAX_TRANSFER);
        drive.max_transfer = if allowed >= 16 { allowed - allowed % 16 } else { allowed };
        // What happened before this handle existed is no change to it. Asking for the status consumes the drive's notice.
        drive.transport.cd_status()?;
        drive.forget_changes();
        Ok(drive)
    }

    /// Sends a command; returns the number of bytes that came.
    fn command(&mut self, cdb: &[u8], data: &mut [u8], limit: Duration) -> Result<usize, DeviceError> {
        for _ in 0..3 {
            let reply = self.transport.execute(cdb, data, limit)?;
            self.sense = reply::parse_sense(&reply.sense);
            if !reply.is_harmless_attention() {
                let result = reply.check(limit);
                match result {
                    Err(DeviceError::MediumChanged) => self.forget_changes(),
                    // Whatever is in next was put in.
                    Err(DeviceError::NoMedium) => self.changed = true,
                    _ => {}
                }
                return result;
            }
        }
        Err(DeviceError::Other("the drive repeats a unit attention instead of answering".to_owned()))
    }

    fn forget_changes(&mut self) {
        self.transport.medium_changed_after(&mut self.changed_at);
        self.changed = false;
        self.checked = Some(Instant::now());
    }

    /// Tells once that the medium was changed, also if somebody else got the drive's notice. While no medium is in, that is
    /// said instead: the change is news for the next one.
    fn check_change(&mut self) -> Result<(), DeviceError> {
        self.checked = Some(Instant::now());
        self.changed |= self.transport.medium_changed_after(&mut self.changed_at);
        match self.changed.then(|| self.transport.cd_status()).transpose()? {
            None => Ok(()),
            Some(CdStatus::TrayOpen | CdStatus::NoDisc) => Err(DeviceError::NoMedium),
            Some(_) => {
                self.changed = false;
                Err(DeviceError::MediumChanged)
            }
        }
    }

    /// TEST UNIT READY.
    fn test_ready(&mut self) -> Result<(), DeviceError> {
        self.command(&[0; 6], &mut [], SHORT).map(|_| ())
    }

    fn disc_information(&mut self) -> Result<(bool, bool), DeviceError> {
        let mut data = [0; 34];
        let got = self.command(&[0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0], &mut data, LONG)?;
        parse::disc_information(&data[..got])
    }

    /// Profile of a drive that does not know GET CONFIGURATION: made before MMC-2, so it takes nothing but CDs.
    fn old_profile(&mut self) -> Result<MediaProfile, DeviceError> {
        match self.disc_information() {
            Ok((_, true)) => return Ok(MediaProfile(0x0a)),
            Ok((true, false)) => return Ok(MediaProfile(0x09)),
            Ok(_) | Err(DeviceError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
        self.toc().map(|_| MediaProfile::CD_ROM)
    }

    /// START STOP UNIT with LoEj, then looks whether the tray did what it was told.
    fn move_tray(&mut self, start: u8, done: impl Fn(TrayStatus, bool) -> bool, wish: &str) -> Result<(), DeviceError> {
        let result = self.attentive(&[0x1b, 0, 0, 0, 0x02 | start, 0]);
        let end = Instant::now() + TRAY;
        loop {
            let tray = self.status()?.tray;
            match &result {
                _ if done(tray, result.is_ok()) => return Ok(()),
                // The drive said no and means it; some also say "becoming ready" or "no medium" while they obey.
                Err(
                    error @ (DeviceError::Refused(_) | DeviceError::Gone | DeviceError::Timeout(_) | DeviceError::Permission(_)),
                ) => {
                    return Err(error.clone());
                }
                _ if Instant::now() >= end => return Err(DeviceError::Refused(format!("the tray does not {wish}"))),
                _ => thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    /// A command that is sent again if the drive only used it to tell that its medium was changed.
    fn attentive(&mut self, cdb: &[u8]) -> Result<usize, DeviceError> {
        match self.command(cdb, &mut [], LONG) {
            Err(DeviceError::MediumChanged) => self.command(cdb, &mut [], LONG),
            other => other,
        }
    }

    fn read_command(&mut self, lba: u32, count: u16, buffer: &mut [u8], limit: Duration) -> Result<usize, DeviceError> {
        let [a, b, c, d] = lba.to_be_bytes();
        let [high, low] = count.to_be_bytes();
        if !self.read12 {
            match self.command(&[0x28, 0, a, b, c, d, 0, high, low, 0], buffer, limit) {
                // Invalid command operation code.
                Err(DeviceError::Refused(_)) if self.sense.is_some_and(|sense| sense.asc == 0x20) => self.read12 = true,
                other => return other,
            }
        }
        self.command(&[0xa8, 0, a, b, c, d, 0, 0, high, low, 0, 0], buffer, limit)
    }
}

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
