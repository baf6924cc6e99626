//! CD-Text packs from texts (MMC-3 annex J): 18 bytes each, of which 12 are text.

use super::super::description::Description;
use crate::domain::disc::{CdTextEntry, frame::crc16};
use std::{fs, path::Path};

/// Most packs of a disc: eight blocks of 256.
const MAX_PACKS: usize = 2048;

/// What a kind of pack takes from an entry.
type Field = fn(&CdTextEntry) -> &String;

const FIELDS: [(u8, Field); 5] = [
    (0x80, |entry| &entry.title),
    (0x81, |entry| &entry.performer),
    (0x82, |entry| &entry.songwriter),
    (0x83, |entry| &entry.composer),
    (0x8e, |entry| &entry.code),
];

/// Packs as they stand in a file.
pub(super) fn packs_of_file(path: &Path) -> Result<Vec<u8>, String> {
    let bytes = fs::metadata(path).map(|meta| meta.len()).map_err(|error| error.to_string())?;
    if bytes > 18 * MAX_PACKS as u64 || bytes % 18 != 0 {
        return Err(format!("{}: {bytes} bytes are not up to {MAX_PACKS} packs of 18 bytes", path.display()));
    }
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Packs of the description's texts; empty if it has none.
pub(super) fn packs(description: &Description) -> Vec<u8> {
    let entries: Vec<&CdTextEntry> =
        std::iter::once(&description.text).chain(description.track.iter().map(|track| &track.text)).collect();
    let mut packs: Vec<[u8; 18]> = Vec::new();
    let mut counts = [0_u8; 16];
    for (kind, field) in FIELDS {
        if entries.iter().all(|entry| field(entry).is_empty()) {
            continue;
        }
        let before = packs.len();
        append(&mut packs, kind, entries.iter().map(|entry| field(entry).as_str()));
        counts[usize::from(kind & 0x0f)] = u8::try_from(packs.len() - before).unwrap_or(u8::MAX);
    }
    // A block has 256 packs at most, three of which tell its size.
    if packs.is_empty() || packs.len() > 253 {
        return Vec::new();
    }
    counts[15] = 3;
    let mut size = [0_u8; 36];
    // ISO 8859-1, tracks from 1 on, no copyright mark.
    size[1..3].copy_from_slice(&[1, u8::try_from(description.track.len()).unwrap_or(99)]);
    size[4..20].copy_from_slice(&counts);
    size[20] = u8::try_from(packs.len() + 2).unwrap_or(u8::MAX);
    // English.
    size[28] = 9;
    for (index, part) in size.chunks_exact(12).enumerate() {
        let mut pack = [0; 18];
        pack[..2].copy_from_slice(&[0x8f, u8::try_from(index).unwrap_or(0)]);
        pack[4..16].copy_from_slice(part);
        packs.push(pack);
    }
    for (index, pack) in packs.iter_mut().enumerate() {
        pack[2] = u8::try_from(index).unwrap_or(u8::MAX);
        let crc = crc16(&pack[..16]);
        pack[16..].copy_from_slice(&crc.to_be_bytes());
    }
    packs.concat()
}

/// The texts of one kind, each ended by a zero, across as many packs as they need.
fn append<'a>(packs: &mut Vec<[u8; 18]>, kind: u8, texts: impl Iterator<Item = &'a str>) {
    // Each byte with its track and its place in the track's text.
    let mut bytes = Vec::new();
    for (track, text) in texts.enumerate() {
        let track = u8::try_from(track).unwrap_or(99);
        let latin = |c: char| u8::try_from(u32::from(c)).ok().filter(|byte| *byte >= 0x20).unwrap_or(b'?');
        let text: Vec<u8> = text.chars().take(160).map(latin).chain([0]).collect();
        bytes.extend(text.into_iter().enumerate().map(|(place, byte)| (track, place, byte)));
    }
    for part in bytes.chunks(12) {
        let mut pack = [0; 18];
        let (track, place, _) = part[0];
        pack[..4].copy_from_slice(&[kind, track, 0, u8::try_from(place.min(15)).unwrap_or(15)]);
        for (slot, (.., byte)) in pack[4..16].iter_mut().zip(part) {
            *slot = *byte;
        }
        packs.push(pack);
    }
}
