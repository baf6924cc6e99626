//! READ DISC STRUCTURE: physical format, copyright information, Blu-ray disc information (MMC-6 section 6.22; ECMA-267).

use super::{Answer, BAD_FIELD, SoftTarget, give, sense};
use crate::{
    domain::disc::{Protection, Recording},
    optical::virtual_drive::media::Media,
};

/// Physical sector that sector 0 of a DVD is.
const DVD_START: u64 = 0x3_0000;
/// The same on Blu-ray discs.
const BD_START: u64 = 0x10_0000;

impl SoftTarget {
    pub(super) fn disc_structure(&self, cdb: &[u8; 12], data: &mut [u8]) -> Answer {
        let (media, _) = self.media()?;
        let (kind, layer, format) = (cdb[1] & 0x0f, cdb[6], cdb[7]);
        let bytes = match (media.profile.class(), kind, format) {
            ("dvd", 0, 0x00) if layer < media.layers => dvd_physical(media),
            ("dvd", 0, 0x01) => dvd_copyright(media),
            ("bd", 1, 0x00) => bd_information(media),
            // Cannot read medium, incompatible format: there is no such thing on a CD.
            ("cd", ..) => return Err(sense(5, 0x30, 0x02)),
            _ => return Err(BAD_FIELD),
        };
        let length = u16::try_from(bytes.len() + 2).unwrap_or(u16::MAX).to_be_bytes();
        let allocation = usize::from(super::short(cdb, 8));
        Ok(give(data, allocation, &[&length, [0, 0].as_slice(), &bytes].concat()))
    }
}

/// Three bytes of a physical sector number, after a zero.
fn physical(sector: u64) -> [u8; 4] {
    let [.., a, b, c] = sector.to_be_bytes();
    [0, a, b, c]
}

/// Physical format information (ECMA-267 section 16.3.2 and what other books put there).
fn dvd_physical(media: &Media) -> Vec<u8> {
    let mut bytes = vec![0; 2048];
    let book: u8 = match media.profile.0 {
        0x11 | 0x15 | 0x16 => 0x2,
        0x12 => 0x1,
        0x13 | 0x14 => 0x3,
        0x1a => 0x9,
        0x1b => 0xa,
        0x2a => 0xd,
        0x2b => 0xe,
        _ => 0x0,
    };
    let layers = u64::from(media.layers.min(2));
    // Opposite track path where the layers are of different length, as on all video discs.
    let opposite = u8::from(media.layer_break.is_some());
    let layer_type = if media.profile.recording() == Recording::Pressed { 1 } else { 2 };
    bytes[0] = book << 4 | 1;
    // 120 mm, rate not told.
    bytes[1] = 0x0f;
    bytes[2] = u8::try_from(layers - 1).unwrap_or(0) << 5 | opposite << 4 | layer_type;
    let (size, first) = (media.structure_sectors, media.layer_break.unwrap_or(0));
    let (end, end_of_first) = match media.layer_break {
        // The second layer runs back: its addresses are the complements of the first one's.
        Some(_) => ((0xff_ffff ^ (DVD_START + first - 1)) + size.saturating_sub(first), DVD_START + first - 1),
        None => (DVD_START + size.saturating_sub(1), 0),
    };
    bytes[4..8].copy_from_slice(&physical(DVD_START));
    // The complement of the layer's last sector is the first of the next layer.
    bytes[8..12].copy_from_slice(&physical(if media.layer_break.is_some() { end - 1 } else { end }));
    bytes[12..16].copy_from_slice(&physical(end_of_first));
    bytes
}

/// Copyright information: protection system and forbidden regions.
fn dvd_copyright(media: &Media) -> Vec<u8> {
    let system = match media.protection {
        Some(Protection::Css | Protection::Cppm) => 1,
        Some(Protection::Cprm) => 2,
        Some(Protection::Aacs) => 3,
        _ => 0,
    };
    vec![system, 0, 0, 0]
}

/// Disc information units of a Blu-ray disc, one per layer (BD White Paper 1.C, section 3).
fn bd_information(media: &Media) -> Vec<u8> {
    let mut bytes = vec![0; 4096];
    let kind: &[u8; 3] = match media.profile.0 {
        0x41 | 0x42 => b"BDR",
        0x43 => b"BDW",
        _ => b"BDO",
    };
    let layers = media.layers.clamp(1, 4);
    let mut left = media.structure_sectors;
    // Recordable discs have more to say in each unit.
    let size = if kind == b"BDO" { 64 } else { 112 };
    for layer in 0..layers {
        let here = match (layer, media.layer_break) {
            _ if layer + 1 == layers => left,
            (0, Some(first)) => first.min(left),
            _ => left / u64::from(layers - layer),
        };
        left -= here;
        let unit = &mut bytes[usize::from(layer) * size..][..size];
        unit[..2].copy_from_slice(b"DI");
        unit[2] = 1;
        // Units per layer, layer of this one.
        unit[3] = 1 << 3 | layer;
        unit[5] = layer;
        unit[6] = 98;
        unit[8..11].copy_from_slice(kind);
        unit[11] = 0x01;
        unit[12] = layers << 4 | if kind == b"BDO" { 1 } else { 2 };
        // First and last address unit of the layer; a unit is two sectors, its address that of the first.
        unit[24..28].copy_from_slice(&u32::try_from(BD_START).unwrap_or(0).to_be_bytes());
        unit[28..32].copy_from_slice(&u32::try_from(BD_START + here.saturating_sub(2)).unwrap_or(u32::MAX).to_be_bytes());
    }
    bytes
}
