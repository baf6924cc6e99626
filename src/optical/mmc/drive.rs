//! One opened drive: sending commands, noticing changes, moving the tray.

use super::{CdStatus, Transport, parse, reply};
use crate::{
    domain::{disc::MediaProfile, drive::TrayStatus, ids::SECTOR},
    optical::{DeviceError, DeviceIdentity, OpticalDevice, Sense},
};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Time limit of commands that move nothing.
pub(super) const SHORT: Duration = Duration::from_secs(10);
/// Time limit of commands that may have to wait for a disc to spin up; cheap USB drives take 30 to 60 s.
pub(super) const LONG: Duration = Duration::from_secs(60);
/// How long a tray may move after its command was accepted.
const TRAY: Duration = Duration::from_secs(15);
/// Most sectors in one command.
const MAX_TRANSFER: u64 = 256;

/// One opened drive.
pub(in crate::optical) struct MmcDrive<T> {
    pub(super) transport: T,
    pub(super) identity: DeviceIdentity,
    pub(super) max_transfer: u64,
    /// Time of the last change of medium that this handle knows of.
    changed_at: i64,
    pub(super) checked: Option<Instant>,
    /// A change that was not told yet.
    pub(super) changed: bool,
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
    pub(in crate::optical) fn new(transport: T) -> Result<Self, DeviceError> {
        let mut drive = Self::silent(transport);
        drive.introduce()?;
        // What happened before this handle existed is no change to it. Asking for the status consumes the drive's notice.
        drive.transport.cd_status()?;
        drive.forget_changes();
        Ok(drive)
    }

    /// A drive that is not asked anything yet.
    pub(in crate::optical) fn silent(transport: T) -> Self {
        let mut drive = Self {
            transport,
            identity: DeviceIdentity::default(),
            max_transfer: 16,
            changed_at: 0,
            checked: None,
            changed: false,
            read12: false,
            sense: None,
        };
        // Whole ECC blocks of a DVD where the host allows that many bytes.
        let allowed = (drive.transport.max_bytes() / SECTOR).clamp(1, MAX_TRANSFER);
        drive.max_transfer = if allowed >= 16 { allowed - allowed % 16 } else { allowed };
        drive.forget_changes();
        drive
    }

    /// Has the drive say who it is.
    ///
    /// # Errors
    /// [`DeviceError::Refused`] if it is no optical drive.
    pub(in crate::optical) fn introduce(&mut self) -> Result<(), DeviceError> {
        let mut data = [0; 36];
        let got = self.command(&[0x12, 0, 0, 0, 36, 0], &mut data, SHORT)?;
        self.identity = parse::inquiry(&data[..got])?;
        let mut page = [0; 252];
        if let Ok(got) = self.command(&[0x12, 1, 0x80, 0, 252, 0], &mut page, SHORT) {
            self.identity.serial = parse::serial(&page[..got]);
        }
        Ok(())
    }

    /// How commands reach the drive.
    pub(in crate::optical) fn transport(&mut self) -> &mut T {
        &mut self.transport
    }

    /// Sends a command; returns the number of bytes that came.
    pub(super) fn command(&mut self, cdb: &[u8], data: &mut [u8], limit: Duration) -> Result<usize, DeviceError> {
        for _ in 0..3 {
            self.sense = None;
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
    pub(super) fn check_change(&mut self) -> Result<(), DeviceError> {
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
    pub(super) fn test_ready(&mut self) -> Result<(), DeviceError> {
        self.command(&[0; 6], &mut [], SHORT).map(|_| ())
    }

    pub(super) fn disc_information(&mut self) -> Result<(bool, bool), DeviceError> {
        let mut data = [0; 34];
        let got = self.command(&[0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0], &mut data, LONG)?;
        parse::disc_information(&data[..got])
    }

    /// Profile of a drive that does not know GET CONFIGURATION: made before MMC-2, so it takes nothing but CDs.
    pub(super) fn old_profile(&mut self) -> Result<MediaProfile, DeviceError> {
        match self.disc_information() {
            Ok((_, true)) => return Ok(MediaProfile(0x0a)),
            Ok((true, false)) => return Ok(MediaProfile(0x09)),
            Ok(_) | Err(DeviceError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
        self.toc().map(|_| MediaProfile::CD_ROM)
    }

    /// START STOP UNIT with LoEj, then looks whether the tray did what it was told.
    pub(super) fn move_tray(
        &mut self,
        start: u8,
        done: impl Fn(TrayStatus, bool) -> bool,
        wish: &str,
    ) -> Result<(), DeviceError> {
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
    pub(super) fn attentive(&mut self, cdb: &[u8]) -> Result<usize, DeviceError> {
        match self.command(cdb, &mut [], LONG) {
            Err(DeviceError::MediumChanged) => self.command(cdb, &mut [], LONG),
            other => other,
        }
    }

    /// READ(10), or READ(12) for a drive that does not know it. An aborted command (sense b/xx: the transfer went wrong,
    /// not the disc) is sent again; where it is aborted each time, the sectors cannot be read, whatever the reason.
    pub(super) fn read_command(
        &mut self,
        lba: u32,
        count: u16,
        buffer: &mut [u8],
        limit: Duration,
    ) -> Result<usize, DeviceError> {
        let mut result = self.read_once(lba, count, buffer, limit);
        for _ in 0..2 {
            match self.sense {
                Some(sense) if sense.key == 0x0b && result.is_err() => result = self.read_once(lba, count, buffer, limit),
                _ => return result,
            }
        }
        match self.sense {
            Some(sense) if sense.key == 0x0b && result.is_err() => Err(DeviceError::Medium(sense)),
            _ => result,
        }
    }

    fn read_once(&mut self, lba: u32, count: u16, buffer: &mut [u8], limit: Duration) -> Result<usize, DeviceError> {
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
