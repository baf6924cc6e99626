//! One opened drive: sending commands, noticing changes, moving the tray.

use super::{CdStatus, Reply, Transport, parse, reply};
use crate::{
    domain::{drive::TrayStatus, ids::SECTOR},
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
    pub(super) read12: bool,
    /// The drive cannot be made to read past its cache.
    pub(super) no_fua: bool,
    /// What the drive said to the last command.
    pub(super) sense: Option<Sense>,
    /// Whether the drive was asked to report what it corrects, for the medium that is in.
    pub(super) asked_to_report: bool,
    /// Commands that it reported as corrected.
    pub(super) corrected: u64,
    /// Commands that could not be waited for: cheap bridges hang on some. They are not sent again for this medium.
    unanswered: Vec<u8>,
}

/// Commands that a drive need not know.
const OPTIONAL: [u8; 10] = [0x12, 0x42, 0x46, 0x4a, 0x51, 0x52, 0x55, 0x5a, 0xad, 0xb6];

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
            no_fua: false,
            sense: None,
            asked_to_report: false,
            corrected: 0,
            unanswered: Vec::new(),
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
        self.exchange(cdb, limit, |transport| transport.execute(cdb, data, limit))
    }

    /// Sends a command with bytes for the drive.
    pub(super) fn send(&mut self, cdb: &[u8], data: &[u8], limit: Duration) -> Result<(), DeviceError> {
        self.exchange(cdb, limit, |transport| transport.send(cdb, data, limit)).map(|_| ())
    }

    fn exchange(
        &mut self,
        cdb: &[u8],
        limit: Duration,
        mut send: impl FnMut(&mut T) -> Result<Reply, DeviceError>,
    ) -> Result<usize, DeviceError> {
        self.sense = None;
        let code = cdb.first().copied().unwrap_or(0);
        if self.unanswered.contains(&code) {
            return Err(DeviceError::Refused(format!("the drive did not answer command {code:02x} before")));
        }
        for _ in 0..3 {
            let reply = send(&mut self.transport)?;
            self.sense = reply::parse_sense(&reply.sense);
            if !reply.is_harmless_attention() {
                let result = reply.check(limit);
                match result {
                    Ok(_) if self.sense.is_some_and(|sense| sense.key == 1) => self.corrected += 1,
                    Err(DeviceError::MediumChanged) => self.forget_changes(),
                    // Whatever is in next was put in.
                    Err(DeviceError::NoMedium) => self.changed = true,
                    Err(DeviceError::Timeout(_)) if OPTIONAL.contains(&code) => self.unanswered.push(code),
                    _ => {}
                }
                return result;
            }
        }
        Err(DeviceError::Other("the drive repeats a unit attention instead of answering".to_owned()))
    }

    /// Whether the drive said this to the last command.
    pub(super) fn said(&self, key: u8, asc: u8) -> bool {
        self.sense.is_some_and(|sense| (sense.key, sense.asc) == (key, asc))
    }

    fn forget_changes(&mut self) {
        self.transport.medium_changed_after(&mut self.changed_at);
        self.new_medium();
        self.checked = Some(Instant::now());
    }

    /// What was found out about the drive with the medium before need not hold for this one.
    fn new_medium(&mut self) {
        self.changed = false;
        self.asked_to_report = false;
        self.unanswered.clear();
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
                self.new_medium();
                Err(DeviceError::MediumChanged)
            }
        }
    }

    /// TEST UNIT READY.
    pub(super) fn test_ready(&mut self) -> Result<(), DeviceError> {
        self.command(&[0; 6], &mut [], SHORT).map(|_| ())
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
}
