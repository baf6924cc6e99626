//! READ DISC INFORMATION, READ TRACK INFORMATION, and the mode page for error recovery.

use super::{implausible, number};
use crate::{
    domain::disc::{DiscInformation, DiscState, TrackInformation},
    optical::DeviceError,
};

/// READ DISC INFORMATION; MMC-6 section 6.21. The upper halves of numbers may be missing.
///
/// # Errors
/// [`DeviceError::Other`] if the answer is too short.
pub fn disc_information(bytes: &[u8]) -> Result<DiscInformation, DeviceError> {
    let flags = bytes.get(2).ok_or_else(|| implausible("answer to READ DISC INFORMATION", bytes))?;
    let at = |index: usize| bytes.get(index).copied().unwrap_or(0);
    let wide = |low: usize, high: usize| u16::from_be_bytes([at(high), at(low)]);
    Ok(DiscInformation {
        state: match flags & 0x03 {
            0 => DiscState::Empty,
            1 => DiscState::Appendable,
            2 => DiscState::Complete,
            _ => DiscState::Other,
        },
        erasable: flags & 0x10 != 0,
        sessions: wide(4, 9),
        last_tracks: (wide(5, 10), wide(6, 11)),
    })
}

/// READ TRACK INFORMATION; MMC-6 section 6.27.
///
/// # Errors
/// [`DeviceError::Other`] if the answer is too short.
pub fn track_information(bytes: &[u8]) -> Result<TrackInformation, DeviceError> {
    let missing = || implausible("answer to READ TRACK INFORMATION", bytes);
    let at = |index: usize| bytes.get(index).copied().unwrap_or(0);
    let long = |index: usize| number::<4>(bytes, index).ok_or_else(missing);
    Ok(TrackInformation {
        number: u16::from_be_bytes([at(32), at(2)]),
        session: u16::from_be_bytes([at(33), at(3)]),
        blank: at(6) & 0x40 != 0,
        packet: at(6) & 0x20 != 0,
        data_mode: at(6) & 0x0f,
        start: long(8)?,
        sectors: long(24)?,
        last_recorded: if at(7) & 0x02 != 0 { number::<4>(bytes, 28) } else { None },
    })
}

/// The page for error recovery out of an answer to MODE SENSE(10), ready to be sent back with MODE SELECT(10) and with
/// PER set or cleared; `None` if the page is not there.
pub fn error_recovery_page(bytes: &[u8], report: bool) -> Option<Vec<u8>> {
    let blocks = usize::try_from(number::<2>(bytes, 6)?).ok()?;
    let page = bytes.get(8 + blocks..)?;
    let length = usize::from(*page.get(1)?);
    if page[0] & 0x3f != 0x01 || !(6..=32).contains(&length) {
        return None;
    }
    let mut list = vec![0; 8];
    list.extend(page.get(..2 + length)?);
    // The bit that says whether it can be saved is reserved when it is sent.
    list[8] &= 0x3f;
    list[10] = if report { list[10] | 0x04 } else { list[10] & !0x04 };
    Some(list)
}
