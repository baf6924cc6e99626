//! READ DISC STRUCTURE: layers and copy protection (MMC-6 section 6.22; ECMA-267; Blu-ray: SFF INF-8090, T10 05-206).

use super::{content, implausible, number};
use crate::{
    domain::disc::{MediaProfile, PhysicalStructure, Protection},
    optical::DeviceError,
};

/// Physical format information of a DVD.
///
/// # Errors
/// [`DeviceError::Other`] for what cannot be.
pub fn dvd(bytes: &[u8]) -> Result<PhysicalStructure, DeviceError> {
    let wrong = || implausible("physical structure", bytes);
    let fields = content(bytes);
    let flags = *fields.get(2).ok_or_else(wrong)?;
    let place = |at: usize| number::<3>(fields, at).ok_or_else(wrong);
    let (start, end, first_end) = (place(5)?, place(9)?, place(13)?);
    let layers = (flags >> 5 & 0x03) + 1;
    let opposite = flags & 0x10 != 0;
    let length = |from: u64, to: u64| to.checked_sub(from).map(|length| length + 1).ok_or_else(wrong);
    let (sectors, layer_break) = match (layers, opposite) {
        (2, true) => {
            // The second layer is read from outside in: its first address is the complement of the first layer's last.
            let first = length(start, first_end)?;
            (first + length(!first_end & 0xff_ffff, end)?, Some(first))
        }
        // On parallel layers both count from the start. What this structure says of the one goes for the other.
        (2, false) => (2 * length(start, end)?, Some(length(start, end)?)),
        _ => (length(start, end)?, None),
    };
    Ok(PhysicalStructure { layers: layers.min(2), sectors, layer_break })
}

/// Which protection a DVD declares; `None` for none.
///
/// # Errors
/// [`DeviceError::Other`] if the answer is too short.
pub fn dvd_protection(bytes: &[u8]) -> Result<Option<Protection>, DeviceError> {
    Ok(match *content(bytes).first().ok_or_else(|| implausible("copyright information", bytes))? {
        0 => None,
        // CPPM of DVD-Audio has the same number.
        1 => Some(Protection::Css),
        2 => Some(Protection::Cprm),
        3 | 0x10 => Some(Protection::Aacs),
        _ => Some(Protection::Other),
    })
}

/// Disc information units, one for each layer (and more for recordable discs, one per writing speed).
fn units(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let fields = content(bytes);
    let size = if fields.get(8..11) == Some(b"BDO") { 64 } else { 112 };
    fields.chunks(size).take_while(|unit| unit.starts_with(b"DI") && unit.len() >= 32).take(32)
}

/// Disc information of a Blu-ray disc.
///
/// # Errors
/// [`DeviceError::Other`] for what cannot be.
pub fn blu_ray(bytes: &[u8]) -> Result<PhysicalStructure, DeviceError> {
    let wrong = || implausible("disc information", bytes);
    let first = units(bytes).next().ok_or_else(wrong)?;
    let layers = first[12] >> 4;
    if !(1..=4).contains(&layers) {
        return Err(wrong());
    }
    let mut sizes: Vec<u64> = Vec::new();
    for unit in units(bytes).take(layers.into()) {
        // Address units are two sectors each: the last one's address is that of its first sector.
        let (from, to) = (number::<4>(unit, 24).ok_or_else(wrong)?, number::<4>(unit, 28).ok_or_else(wrong)?);
        sizes.push(to.checked_sub(from).map(|length| length + 2).filter(|length| *length < 1 << 26).ok_or_else(wrong)?);
    }
    if sizes.len() != usize::from(layers) {
        return Err(wrong());
    }
    let layer_break = if layers > 1 { sizes.first().copied() } else { None };
    Ok(PhysicalStructure { layers, sectors: sizes.iter().sum(), layer_break })
}

/// Profile that a Blu-ray disc's own information stands for; `None` if it does not say.
pub fn blu_ray_profile(bytes: &[u8]) -> Option<MediaProfile> {
    match units(bytes).next()?.get(8..11)? {
        b"BDO" => Some(MediaProfile::BD_ROM),
        b"BDR" => Some(MediaProfile(0x41)),
        b"BDW" => Some(MediaProfile(0x43)),
        _ => None,
    }
}
