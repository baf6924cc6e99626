//! Reading: user data, the same past the drive's cache, raw frames; and having corrected errors reported.

use super::{
    MmcDrive, Transport,
    drive::{LONG, SHORT},
    parse,
};
use crate::{
    domain::ids::{Lba, SECTOR},
    optical::{DeviceError, RawLayout, Sense},
};
use std::time::Duration;

/// How often a reader asks the kernel whether the medium was changed: the drive's own notice reaches only whoever sends the
/// next command, and that may be udev or the kernel's polling.
const CHANGE_CHECK: Duration = Duration::from_millis(500);

impl<T: Transport> MmcDrive<T> {
    /// READ(10) of whole sectors; `again` is past the drive's cache.
    pub(super) fn read_sectors(
        &mut self,
        start: Lba,
        buffer: &mut [u8],
        limit: Duration,
        again: bool,
    ) -> Result<(), DeviceError> {
        let bytes = buffer.len() as u64;
        let sectors = bytes / SECTOR;
        if sectors == 0 || !bytes.is_multiple_of(SECTOR) || sectors > self.max_transfer {
            let most = self.max_transfer;
            return Err(DeviceError::Refused(format!(
                "a read of {bytes} bytes: 1 to {most} sectors of {SECTOR} bytes are possible"
            )));
        }
        let lba = u32::try_from(start.0).map_err(|_| past_the_end())?;
        let count = u16::try_from(sectors).map_err(|_| past_the_end())?;
        self.notice_changes()?;
        let mut result = self.read_command(lba, count, buffer, limit, again);
        if matches!(result, Ok(got) if got < buffer.len()) && self.sense.is_some_and(|sense| sense.key == 1) {
            // Told to report what they had to correct, some drives stop there. Then the bytes matter more.
            self.report_corrected(false)?;
            result = self.read_command(lba, count, buffer, limit, again);
        }
        self.judge(result, buffer.len(), start)
    }

    /// READ CD of as many frames as fit into one command after the other.
    pub(super) fn read_frames(
        &mut self,
        start: Lba,
        buffer: &mut [u8],
        layout: RawLayout,
        limit: Duration,
    ) -> Result<(), DeviceError> {
        let frame = layout.frame();
        if buffer.is_empty() || !buffer.len().is_multiple_of(frame) {
            return Err(DeviceError::Refused(format!("{} bytes are not whole frames of {frame}", buffer.len())));
        }
        let at_once = usize::try_from(self.max_transfer * SECTOR).unwrap_or(frame) / frame;
        let mut next = start.0;
        for part in buffer.chunks_mut(at_once.max(1) * frame) {
            self.notice_changes()?;
            let lba = u32::try_from(next).ok().filter(|lba| *lba <= i32::MAX.unsigned_abs()).ok_or(past_the_end())?;
            let count = part.len() / frame;
            let result = self.read_cd(lba, count, part, layout, limit);
            self.judge(result, part.len(), Lba(next))?;
            next += count as u64;
        }
        Ok(())
    }

    fn read_cd(
        &mut self,
        lba: u32,
        count: usize,
        part: &mut [u8],
        layout: RawLayout,
        limit: Duration,
    ) -> Result<usize, DeviceError> {
        let [a, b, c, d] = lba.to_be_bytes();
        let [.., e, f, g] = u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes();
        // Sync, all headers, user data, EDC and ECC of any type of sector. On audio all of that is the samples.
        let (fields, sub) = match layout {
            RawLayout::Main => (0xf8, 0),
            RawLayout::MainC2 => (0xf8 | 0x02, 0),
            RawLayout::MainSub => (0xf8, 1),
        };
        let cdb = [0xbe, 0, a, b, c, d, e, f, g, fields, sub, 0];
        self.read_persistently(|drive| drive.command(&cdb, part, limit)).map_err(|error| match error {
            // Incompatible medium: it is no CD.
            DeviceError::Medium(sense) if sense.key == 5 => {
                DeviceError::Refused(format!("this medium has no raw frames ({sense})"))
            }
            other => other,
        })
    }

    fn notice_changes(&mut self) -> Result<(), DeviceError> {
        if self.changed || self.checked.is_none_or(|last| last.elapsed() >= CHANGE_CHECK) {
            self.check_change()?;
        }
        if !self.asked_to_report {
            self.asked_to_report = true;
            self.report_corrected(true)?;
        }
        Ok(())
    }

    /// What came of a read.
    fn judge(&mut self, result: Result<usize, DeviceError>, wanted: usize, start: Lba) -> Result<(), DeviceError> {
        match result {
            Ok(got) if got == wanted => Ok(()),
            Ok(got) => {
                Err(DeviceError::Other(format!("sector {start}: the drive sent {got} of {wanted} bytes and said nothing")))
            }
            // Is the sector bad, or is this another disc by now?
            Err(error @ (DeviceError::Medium(_) | DeviceError::OutOfRange(_))) => self.check_change().and(Err(error)),
            Err(error) => Err(error),
        }
    }

    /// Has the drive report what it had to correct (PER in the mode page for error recovery), or not. Drives that cannot
    /// are as good as before.
    ///
    /// # Errors
    /// What is no answer to this question: another medium, no drive.
    fn report_corrected(&mut self, report: bool) -> Result<(), DeviceError> {
        let mut data = [0; 64];
        // Without block descriptors.
        let asked = self.command(&[0x5a, 0x08, 0x01, 0, 0, 0, 0, 0, 64, 0], &mut data, SHORT);
        let changed = match asked.map(|got| parse::error_recovery_page(&data[..got], report)) {
            Ok(Some(list)) => {
                let [high, low] = u16::try_from(list.len()).unwrap_or(0).to_be_bytes();
                self.send(&[0x55, 0x10, 0, 0, 0, 0, 0, high, low, 0], &list, SHORT)
            }
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        match changed {
            Err(error @ (DeviceError::MediumChanged | DeviceError::Gone | DeviceError::NoMedium)) => Err(error),
            _ => Ok(()),
        }
    }

    /// READ(10), or READ(12) for a drive that does not know it.
    fn read_command(
        &mut self,
        lba: u32,
        count: u16,
        buffer: &mut [u8],
        limit: Duration,
        again: bool,
    ) -> Result<usize, DeviceError> {
        let [a, b, c, d] = lba.to_be_bytes();
        let [high, low] = count.to_be_bytes();
        self.read_persistently(|drive| {
            let fua = if again && !drive.no_fua { 0x08 } else { 0 };
            if !drive.read12 {
                match drive.command(&[0x28, fua, a, b, c, d, 0, high, low, 0], buffer, limit) {
                    Err(DeviceError::Refused(_)) if drive.said(5, 0x20) => drive.read12 = true,
                    // Invalid field: no forced access here.
                    Err(DeviceError::Refused(_)) if fua != 0 && drive.said(5, 0x24) => {
                        drive.no_fua = true;
                        return drive.command(&[0x28, 0, a, b, c, d, 0, high, low, 0], buffer, limit);
                    }
                    other => return other,
                }
            }
            drive.command(&[0xa8, fua, a, b, c, d, 0, 0, high, low, 0, 0], buffer, limit)
        })
    }

    /// An aborted command (sense b/xx: the transfer went wrong, not the disc) is sent again; where it is aborted each time,
    /// the sectors cannot be read, whatever the reason.
    fn read_persistently(&mut self, mut read: impl FnMut(&mut Self) -> Result<usize, DeviceError>) -> Result<usize, DeviceError> {
        let mut result = read(self);
        for _ in 0..2 {
            match self.sense {
                Some(sense) if sense.key == 0x0b && result.is_err() => result = read(self),
                _ => return result,
            }
        }
        match self.sense {
            Some(sense) if sense.key == 0x0b && result.is_err() => Err(DeviceError::Medium(sense)),
            _ => result,
        }
    }

    /// SET CD SPEED, or SET STREAMING for everything that is no CD.
    pub(super) fn choose_speed(&mut self, kilobytes: Option<u32>) -> Result<(), DeviceError> {
        if self.current_profile()?.class() != "cd" {
            match self.stream(kilobytes) {
                Err(DeviceError::Refused(_)) => {}
                other => return other,
            }
        }
        let [high, low] = kilobytes.map_or(0xffff, |speed| u16::try_from(speed.max(1)).unwrap_or(0xffff)).to_be_bytes();
        self.command(&[0xbb, 0, high, low, 0xff, 0xff, 0, 0, 0, 0, 0, 0], &mut [], LONG).map(|_| ())
    }

    /// SET STREAMING: so many kilobytes in a second, over the whole disc.
    fn stream(&mut self, kilobytes: Option<u32>) -> Result<(), DeviceError> {
        let mut descriptor = [0; 28];
        match kilobytes {
            // Back to the drive's own choice.
            None => descriptor[0] = 0x04,
            Some(speed) => {
                descriptor[8..12].copy_from_slice(&(i32::MAX).to_be_bytes());
                for (at, number) in [(12, speed.max(1)), (16, 1000), (20, speed.max(1)), (24, 1000_u32)] {
                    descriptor[at..at + 4].copy_from_slice(&number.to_be_bytes());
                }
            }
        }
        self.send(&[0xb6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 28, 0], &descriptor, LONG)
    }
}

fn past_the_end() -> DeviceError {
    DeviceError::OutOfRange(Sense { key: 5, asc: 0x21, ascq: 0 })
}
