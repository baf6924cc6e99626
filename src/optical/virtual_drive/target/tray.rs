//! The tray, its lock, and the speed.

use super::{Answer, SoftTarget, give, sense, short};
use crate::domain::ids::SECTOR;

impl SoftTarget {
    /// START STOP UNIT: moves the tray if LoEj says so.
    pub(super) fn start_stop(&mut self, cdb: &[u8; 12]) -> Answer {
        match cdb[4] & 0x03 {
            2 => self.open_tray(),
            3 => Ok(self.store.update(|state| {
                let changed = state.tray_open;
                state.close();
                Ok((changed, 0))
            })?),
            _ => Ok(0),
        }
    }

    /// Opens the tray if it is not locked.
    fn open_tray(&mut self) -> Answer {
        let state = self.store.state();
        let stuck = state.disc.as_ref().is_some_and(|disc| disc.script.eject_refused);
        if !state.tray_open && (state.locked || stuck) {
            // Medium removal prevented.
            return Err(sense(5, 0x53, 0x02));
        }
        Ok(self.store.update(|state| Ok((!std::mem::replace(&mut state.tray_open, true), 0)))?)
    }

    /// PREVENT ALLOW MEDIUM REMOVAL. Persistent prevention counts as prevention.
    pub(super) fn prevent_allow(&mut self, cdb: &[u8; 12]) -> Answer {
        let locked = cdb[4] & 1 == 1;
        Ok(self.store.update(|state| Ok((std::mem::replace(&mut state.locked, locked) != locked, 0)))?)
    }

    /// SET CD SPEED: kilobytes (1000 bytes) per second, 0xffff for as fast as possible.
    pub(super) fn set_cd_speed(&mut self, cdb: &[u8; 12]) -> Answer {
        self.set_speed(match short(cdb, 2) {
            0xffff | 0 => None,
            // Frames of 2352 bytes on the disc are 2048 bytes of data.
            kilobytes => Some(u64::from(kilobytes) * 1000 * SECTOR / 2352),
        })
    }

    /// SET STREAMING: a performance descriptor of 28 bytes (MMC-6 section 6.39).
    pub(super) fn set_streaming(&mut self, out: &[u8]) -> Answer {
        let number = |at: usize| out.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
        let (Some(size), Some(time), true) = (number(12), number(16), out.len() >= 28) else {
            // Parameter list length error.
            return Err(sense(5, 0x1a, 0));
        };
        // Bit 2 of the flags: back to the default.
        let default = out[0] & 0x04 != 0;
        if !default && (size == 0 || time == 0) {
            return Err(sense(5, 0x26, 0));
        }
        // Kilobytes in so many milliseconds.
        self.set_speed((!default).then(|| u64::from(size) * 1_000_000 / u64::from(time.max(1))))
    }

    fn set_speed(&mut self, speed: Option<u64>) -> Answer {
        // No slower than single speed of a CD: a typing error is not to take for ever.
        self.speed = speed.filter(|speed| *speed < u64::from(u32::MAX)).map(|speed| speed.max(75 * SECTOR));
        Ok(0)
    }

    /// GET PERFORMANCE: one speed from the first sector to the last, for reading.
    pub(super) fn performance(&self, cdb: &[u8; 12], data: &mut [u8]) -> Answer {
        let end = self.media().map_or(0, |(media, _)| media.sectors.saturating_sub(1));
        let limit = self.speed.map_or(u32::MAX / 1000, |speed| u32::try_from(speed / 1000).unwrap_or(u32::MAX));
        let mut bytes = vec![0; 8];
        // Type 0 is performance; exceptions and writing speeds are empty lists.
        if cdb[10] == 0 && cdb[1] & 0x03 == 0 && short(cdb, 8) > 0 {
            for number in [0, limit, u32::try_from(end).unwrap_or(u32::MAX), limit] {
                bytes.extend(number.to_be_bytes());
            }
        }
        let length = u32::try_from(bytes.len() - 4).unwrap_or(0);
        bytes[..4].copy_from_slice(&length.to_be_bytes());
        Ok(give(data, 8 + 16 * usize::from(short(cdb, 8)), &bytes))
    }

    /// MECHANISM STATUS: no changer; bit 4 of the second byte is an open door.
    pub(super) fn mechanism_status(&self, cdb: &[u8; 12], data: &mut [u8]) -> Answer {
        let door = u8::from(self.store.state().tray_open) << 4;
        Ok(give(data, short(cdb, 8).into(), &[0, door, 0, 0, 0, 0, 0, 0]))
    }

    /// READ BUFFER CAPACITY: a writer's buffer, of which all is free.
    pub(super) fn buffer_capacity(&self, cdb: &[u8; 12], data: &mut [u8]) -> Answer {
        self.media()?;
        let size = (1_u32 << 20).to_be_bytes();
        Ok(give(data, short(cdb, 7).into(), &[[0, 10, 0, 0].as_slice(), &size, &size].concat()))
    }

    /// READ CAPACITY(10): the last sector.
    pub(super) fn read_capacity(&self, data: &mut [u8]) -> Answer {
        let (media, disc) = self.media()?;
        let last = disc.script.read_capacity.unwrap_or(media.claimed).saturating_sub(1);
        let last = u32::try_from(last).unwrap_or(u32::MAX - 1);
        Ok(give(data, 8, &[last.to_be_bytes(), 2048_u32.to_be_bytes()].concat()))
    }
}
