//! GET EVENT STATUS NOTIFICATION (MMC-6 section 6.6): only the media class has events, and an event is told once.

use super::{Answer, BAD_FIELD, SoftTarget, give, short};

/// Bit of the media class.
const MEDIA: u8 = 0x10;
/// Number of the media class.
const MEDIA_CLASS: u8 = 4;

impl SoftTarget {
    pub(super) fn event_status(&mut self, cdb: &[u8; 12], data: &mut [u8]) -> Answer {
        // Without the polled bit the drive would answer when something happens, which nobody waits for.
        if cdb[1] & 1 == 0 {
            return Err(BAD_FIELD);
        }
        let allocation = usize::from(short(cdb, 7));
        if cdb[4] & MEDIA == 0 {
            return Ok(give(data, allocation, &[0, 2, 0x80, MEDIA]));
        }
        let state = self.store.state();
        let (load, present) = (state.loads, state.loaded().is_some());
        let status = u8::from(state.tray_open) | u8::from(present) << 1;
        // 1 eject request, 2 new media, 3 media removal.
        let mut event = 0;
        if allocation > 4 && data.len() > 4 {
            let requested = state.eject_requested;
            let before = std::mem::replace(&mut self.announced, (load, present));
            event = match before {
                _ if requested => 1,
                (known, _) if present && known != load => 2,
                (_, true) if !present => 3,
                _ => 0,
            };
            if requested {
                // Told first; what else happened is told by the next answer.
                self.announced = before;
                self.store.update(|state| Ok((std::mem::take(&mut state.eject_requested), ())))?;
            }
        }
        Ok(give(data, allocation, &[0, 6, MEDIA_CLASS, MEDIA, event, status, 0, 0]))
    }
}
