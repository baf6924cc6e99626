//! What came back from a SCSI command, and what it means.

use crate::optical::{DeviceError, Sense};
use std::time::Duration;

/// Raw result of one command. Whatever is in it came from a drive and may be nonsense.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    /// SCSI status: 0 good, 2 check condition, 8 busy (SAM-5 table 31).
    pub(crate) status: u8,
    /// Linux `DID_*`, see `scsi/scsi_status.h`.
    pub(crate) host: u16,
    /// Linux `DRIVER_*`, low four bits.
    pub(crate) driver: u16,
    /// Sense data as far as the drive sent any.
    pub(crate) sense: Vec<u8>,
    /// Bytes that arrived.
    pub(crate) transferred: usize,
}

impl Reply {
    /// The bytes that arrived, or what went wrong.
    pub(crate) fn check(&self, limit: Duration) -> Result<usize, DeviceError> {
        match self.host {
            // DID_NO_CONNECT, DID_BAD_TARGET
            1 | 4 => return Err(DeviceError::Gone),
            // DID_TIME_OUT, DID_ABORT
            3 | 5 => return Err(DeviceError::Timeout(limit)),
            // DID_RESET: as a unit attention 6/29, whoever reads must look again what is in the drive.
            8 => return Err(DeviceError::MediumChanged),
            _ => {}
        }
        // DRIVER_TIMEOUT
        if self.driver & 0x0f == 6 {
            return Err(DeviceError::Timeout(limit));
        }
        match (self.status & 0x3e, parse_sense(&self.sense)) {
            // Some bridges report sense data with a good status.
            (0 | 2, Some(sense)) => meaning(sense)?,
            (0, None) if self.host == 0 => {}
            // Busy, task set full: the same as "operation in progress".
            (8 | 0x28, _) => return Err(DeviceError::NotReady(Sense { key: 2, asc: 4, ascq: 7 })),
            (0x18, _) => return Err(DeviceError::Refused("the drive is reserved by another host".to_owned())),
            (status, _) => {
                let (host, driver) = (self.host, self.driver);
                return Err(DeviceError::Other(format!(
                    "SCSI status {status:02x}, host {host:02x}, driver {driver:02x}, no sense data"
                )));
            }
        }
        Ok(self.transferred)
    }

    /// A unit attention that says nothing about the medium (mode parameters changed, log, firmware …): just ask again.
    pub(crate) fn is_harmless_attention(&self) -> bool {
        parse_sense(&self.sense).is_some_and(|sense| sense.key == 6 && !matches!(sense.asc, 0x28 | 0x29))
    }
}

/// Reads sense data in fixed (70, 71) or descriptor format (72, 73); SPC-4 section 4.5. `None` if there is none.
pub fn parse_sense(bytes: &[u8]) -> Option<Sense> {
    let at = |index: usize| bytes.get(index).copied().unwrap_or(0);
    match bytes.first()? & 0x7f {
        0x70 | 0x71 => {
            // Byte 7 counts what follows it; codes beyond that count are not there.
            let length = 8 + usize::from(at(7));
            let code = |index: usize| if index < length { at(index) } else { 0 };
            Some(Sense { key: *bytes.get(2)? & 0x0f, asc: code(12), ascq: code(13) })
        }
        0x72 | 0x73 => Some(Sense { key: *bytes.get(1)? & 0x0f, asc: at(2), ascq: at(3) }),
        _ => None,
    }
}

/// What sense data of an optical drive means (MMC-6 annex F). Recovered errors (1/xx) are success.
pub(crate) fn meaning(sense: Sense) -> Result<(), DeviceError> {
    Err(match (sense.key, sense.asc) {
        (0 | 1, _) => return Ok(()),
        (2, 0x3a) => DeviceError::NoMedium,
        (2, 0x04) => DeviceError::NotReady(sense),
        // No reference position found, incompatible medium: the drive cannot make sense of what lies in it.
        (2, 0x06 | 0x30) | (5, 0x30) => DeviceError::Medium(sense),
        // Unreadable; blank: nothing was ever written there.
        (3 | 8, _) => DeviceError::Medium(sense),
        // Seek, tracking and read errors that some drives call hardware errors: they come from the place on the disc.
        (4, 0x02 | 0x09 | 0x11 | 0x15) => DeviceError::Medium(sense),
        // LBA out of range; end of user area encountered on this track.
        (5, 0x21 | 0x63) => DeviceError::OutOfRange(sense),
        (5, 0x64) => DeviceError::WrongMode(sense),
        // Keys, authentication, scrambled sectors; 6f/04 is the wrong region.
        (5, 0x6f) => DeviceError::Protected(sense),
        (5, 0x53) => DeviceError::Refused(format!("the tray is locked ({sense})")),
        (5, _) => DeviceError::Refused(format!("the drive does not accept the command ({sense})")),
        // Not-ready to ready transition, reset: look again what is in the drive.
        (6, 0x28 | 0x29) => DeviceError::MediumChanged,
        (4, _) => DeviceError::Other(format!("hardware error ({sense})")),
        (7, _) => DeviceError::Refused(format!("the medium is protected ({sense})")),
        _ => DeviceError::Other(format!("unexpected sense data ({sense})")),
    })
}
