//! READ(10) and READ(12): user data.

use super::{Answer, SoftTarget};
use crate::domain::ids::SECTOR;

/// Bytes at the start of a sector that `wrong_once` inverts.
pub(super) const WRONG_BYTES: usize = 16;

impl SoftTarget {
    /// Reads `count` sectors, as far as the initiator has room for them.
    pub(super) fn read(&mut self, start: u64, count: u64, data: &mut [u8]) -> Answer {
        if count == 0 {
            return self.media().map(|_| 0);
        }
        self.pass(start, count)?;
        let wanted = usize::try_from(count.saturating_mul(SECTOR)).unwrap_or(usize::MAX).min(data.len());
        let data = &mut data[..wanted];
        let read = (wanted as u64).div_ceil(SECTOR);
        self.media()?.0.read(start, data)?;
        self.spoil(start, read, data, SECTOR as usize)?;
        self.count(start, read)?;
        self.pace(data.len());
        Ok(wanted)
    }

    /// Spoils the sectors that a `wrong_once` fault wants spoilt now, and remembers that it was done.
    pub(super) fn spoil(&mut self, start: u64, count: u64, data: &mut [u8], unit: usize) -> Result<(), super::Trouble> {
        if self.media()?.1.wrong(start, count).is_empty() {
            return Ok(());
        }
        let wrong = self.update_disc(|disc| {
            let wrong = disc.wrong(start, count);
            disc.mark_wrong(&wrong);
            wrong
        })?;
        for (index, sector) in data.chunks_mut(unit).enumerate() {
            if wrong.contains(&(start + index as u64)) {
                sector.iter_mut().take(WRONG_BYTES).for_each(|byte| *byte ^= 0xff);
            }
        }
        Ok(())
    }

    /// Counts the read where a fault wants to know.
    pub(super) fn count(&mut self, start: u64, count: u64) -> Result<(), super::Trouble> {
        if self.media()?.1.counts(start, count) {
            self.update_disc(|disc| disc.count(start, count))?;
        }
        Ok(())
    }

    /// Takes the time that so many bytes take at the drive's speed.
    pub(super) fn pace(&mut self, bytes: usize) {
        let script = self.store.state().loaded().and_then(|disc| disc.script.speed_bytes_per_second);
        let limit = match (script, self.speed) {
            (Some(script), Some(asked)) => Some(script.min(asked)),
            (script, asked) => script.or(asked),
        };
        if let Some(limit) = limit {
            self.pacer.pace(bytes, limit);
        }
    }
}
