//! Who the drive is, which profile its medium has, how big that is.

use super::{implausible, number};
use crate::{
    domain::ids::SECTOR,
    optical::{DeviceError, DeviceIdentity},
};

/// Text field of INQUIRY: ASCII, padded with blanks (SPC-4 section 4.3.1), in practice also with anything else.
fn text(bytes: &[u8]) -> String {
    let visible: String = bytes.iter().map(|byte| char::from(*byte)).filter(|c| c.is_ascii() && !c.is_ascii_control()).collect();
    visible.trim().to_owned()
}

/// INQUIRY: what kind of device it is and who made it; SPC-4 section 6.6.2.
///
/// # Errors
/// [`DeviceError::Refused`] if it is no optical drive, [`DeviceError::Other`] if the answer is too short.
pub fn inquiry(bytes: &[u8]) -> Result<DeviceIdentity, DeviceError> {
    let Some(fields) = bytes.get(..36) else { return Err(implausible("answer to INQUIRY", bytes)) };
    // Peripheral device type 5: CD, DVD and Blu-ray drives.
    if fields[0] & 0x1f != 5 {
        return Err(DeviceError::Refused(format!("not an optical drive (SCSI device type {})", fields[0] & 0x1f)));
    }
    let (vendor, model, firmware) = (text(&fields[8..16]), text(&fields[16..32]), text(&fields[32..36]));
    Ok(DeviceIdentity { vendor, model, firmware, serial: String::new() })
}

/// INQUIRY, vital product data page 0x80; empty if there is none.
pub fn serial(bytes: &[u8]) -> String {
    let length = usize::from(bytes.get(3).copied().unwrap_or(0));
    match bytes.get(1) {
        Some(0x80) => text(&bytes[4.min(bytes.len())..(4 + length).min(bytes.len())]),
        _ => String::new(),
    }
}

/// GET CONFIGURATION: current profile, 0 if there is no medium that the drive knows; MMC-6 section 6.5.
///
/// # Errors
/// [`DeviceError::Other`] if the answer is too short.
pub fn profile(bytes: &[u8]) -> Result<u16, DeviceError> {
    let profile = number::<2>(bytes, 6).and_then(|profile| u16::try_from(profile).ok());
    profile.ok_or_else(|| implausible("answer to GET CONFIGURATION", bytes))
}

/// GET CONFIGURATION: whether a feature is there and applies to the medium.
pub fn feature_is_current(bytes: &[u8], feature: u16) -> bool {
    let mut rest = bytes.get(8..).unwrap_or_default();
    while let [high, low, flags, length, after @ ..] = rest {
        if u16::from_be_bytes([*high, *low]) == feature {
            return flags & 1 == 1;
        }
        rest = after.get(usize::from(*length)..).unwrap_or_default();
    }
    false
}

/// READ CAPACITY(10): number of sectors, which is the last sector's number + 1; MMC-6 section 6.25.
///
/// # Errors
/// [`DeviceError::Other`] for what cannot be, [`DeviceError::Refused`] for sectors of another size.
pub fn capacity(bytes: &[u8]) -> Result<u64, DeviceError> {
    match (number::<4>(bytes, 0), number::<4>(bytes, 4)) {
        (None, _) | (_, None) | (Some(0xffff_ffff), _) => Err(implausible("capacity", bytes)),
        // Some drives say 0 or the size of a raw sector; data sectors are 2048 bytes all the same (Linux, sr.c).
        (Some(last), Some(0 | SECTOR | 2340 | 2352)) => Ok(last + 1),
        (_, Some(size)) => Err(DeviceError::Refused(format!("sectors of {size} bytes; only {SECTOR} can be read"))),
    }
}

/// GET EVENT STATUS NOTIFICATION: whether somebody wants the medium out; MMC-6 section 6.6.2.
pub fn eject_request(bytes: &[u8]) -> bool {
    // No "no event available", media class, event 1.
    matches!(bytes, [_, _, class, _, event, ..] if class & 0x87 == 4 && event & 0x0f == 1)
}
