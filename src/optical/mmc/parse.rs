//! Answers of drives as bytes. Lengths inside them are claims: nothing here trusts one.

use crate::{
    domain::{
        disc::{Toc, Track},
        ids::SECTOR,
    },
    optical::{DeviceError, DeviceIdentity},
};

/// Track number of the lead-out in a table of contents.
const LEAD_OUT: u8 = 0xaa;

/// Big-endian number of `N` bytes, if they are there.
fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(N)?)?;
    Some(field.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

fn implausible(what: &str, bytes: &[u8]) -> DeviceError {
    let start: String = bytes.iter().take(16).map(|byte| format!("{byte:02x} ")).collect();
    DeviceError::Other(format!("the drive gave an implausible {what}: {} bytes, {}", bytes.len(), start.trim_end()))
}

/// Text field of INQUIRY: ASCII, padded with blanks (SPC-4 section 4.3.1), in practice also with anything else.
fn text(bytes: &[u8]) -> String {
    let visible: String = bytes.iter().map(|byte| char::from(*byte)).filter(|c| c.is_ascii() && !c.is_ascii_control()).collect();
    visible.trim().to_owned()
}

/// INQUIRY: what kind of device it is and who made it; SPC-4 section 6.6.2.
pub(crate) fn inquiry(bytes: &[u8]) -> Result<DeviceIdentity, DeviceError> {
    let Some(fields) = bytes.get(..36) else { return Err(implausible("answer to INQUIRY", bytes)) };
    // Peripheral device type 5: CD, DVD and Blu-ray drives.
    if fields[0] & 0x1f != 5 {
        return Err(DeviceError::Refused(format!("not an optical drive (SCSI device type {})", fields[0] & 0x1f)));
    }
    let (vendor, model, firmware) = (text(&fields[8..16]), text(&fields[16..32]), text(&fields[32..36]));
    Ok(DeviceIdentity { vendor, model, firmware, serial: String::new() })
}

/// INQUIRY, vital product data page 0x80; empty if there is none.
pub(crate) fn serial(bytes: &[u8]) -> String {
    let length = usize::from(bytes.get(3).copied().unwrap_or(0));
    match bytes.get(1) {
        Some(0x80) => text(&bytes[4.min(bytes.len())..(4 + length).min(bytes.len())]),
        _ => String::new(),
    }
}

/// GET CONFIGURATION: current profile, 0 if there is no medium that the drive knows; MMC-6 section 6.5.
pub(crate) fn profile(bytes: &[u8]) -> Result<u16, DeviceError> {
    let profile = number::<2>(bytes, 6).and_then(|profile| u16::try_from(profile).ok());
    profile.ok_or_else(|| implausible("answer to GET CONFIGURATION", bytes))
}

/// READ CAPACITY(10): number of sectors, which is the last sector's number + 1; MMC-6 section 6.25.
pub(crate) fn capacity(bytes: &[u8]) -> Result<u64, DeviceError> {
    match (number::<4>(bytes, 0), number::<4>(bytes, 4)) {
        (None, _) | (_, None) | (Some(0xffff_ffff), _) => Err(implausible("capacity", bytes)),
        // Some drives say 0 or the size of a raw sector; data sectors are 2048 bytes all the same (Linux, sr.c).
        (Some(last), Some(0 | SECTOR | 2340 | 2352)) => Ok(last + 1),
        (_, Some(size)) => Err(DeviceError::Refused(format!("sectors of {size} bytes; only {SECTOR} can be read"))),
    }
}

/// READ DISC INFORMATION: whether nothing is written, and whether it can be erased; MMC-6 section 6.21.
pub(crate) fn disc_information(bytes: &[u8]) -> Result<(bool, bool), DeviceError> {
    let flags = bytes.get(2).ok_or_else(|| implausible("answer to READ DISC INFORMATION", bytes))?;
    Ok((flags & 0x03 == 0, flags & 0x10 != 0))
}

/// READ TOC/PMA/ATIP format 0: all tracks, and the lead-out of the last session; MMC-6 section 6.26.2.4.
/// All tracks are in session 1 until [`sessions`] says otherwise.
pub(crate) fn toc(bytes: &[u8]) -> Result<Toc, DeviceError> {
    let end = number::<2>(bytes, 0).map_or(0, |length| usize::try_from(length + 2).unwrap_or(0)).min(bytes.len());
    let mut tracks = Vec::new();
    let mut lead_out = None;
    for entry in bytes.get(4..end).unwrap_or_default().chunks_exact(8) {
        let (Some(start), number) = (number::<4>(entry, 4), entry[2]) else { continue };
        match number {
            LEAD_OUT => lead_out = Some(start),
            1..=99 => tracks.push(Track { number, session: 1, data: entry[1] & 0x04 != 0, start, control: entry[1] & 0x0f }),
            _ => {}
        }
    }
    tracks.sort_by_key(|track| track.number);
    tracks.dedup_by_key(|track| track.number);
    match lead_out {
        Some(lead_out) if !tracks.is_empty() && tracks.iter().any(|track| track.start < lead_out) => {
            Ok(Toc { tracks, lead_out, sessions: Vec::new() })
        }
        _ => Err(implausible("table of contents", bytes)),
    }
}

/// READ TOC format 2 (raw Q sub-channel of the lead-ins): in which session each track is; MMC-6 section 6.26.2.6.
pub(crate) fn sessions(bytes: &[u8], toc: &mut Toc) {
    let end = number::<2>(bytes, 0).map_or(0, |length| usize::try_from(length + 2).unwrap_or(0)).min(bytes.len());
    for entry in bytes.get(4..end).unwrap_or_default().chunks_exact(11) {
        let (session, point) = (entry[0], entry[3]);
        if let (1..=99, Some(track)) = (session, toc.tracks.iter_mut().find(|track| track.number == point)) {
            track.session = session;
        }
    }
}
