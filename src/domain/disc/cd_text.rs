//! CD-Text: titles in the lead-in of audio discs, as packs of 18 bytes (MMC-3 annex J; Red Book, part "CD-Text").
//!
//! Read: all packs with a right checksum of the first language block; texts of titles, performers, songwriters, composers, arrangers,
//! messages and codes. Disc identification, genre, the copies of the table of contents and "closed information" are passed over.
//! Texts are Latin-1, ASCII or, as double-byte text, Shift JIS (of which MS-JIS is the common subset); a text in any other
//! encoding is dropped rather than shown wrong.

use super::frame::crc16;
use super::{CdText, CdTextEntry};

/// Bytes of one pack: 4 of header, 12 of text, 2 of checksum.
pub const PACK: usize = 18;
/// Packs that one answer of a drive can hold: 8 blocks of 256.
const MAX_PACKS: usize = 2048;
/// Bytes of text in a pack.
const PAYLOAD: usize = 12;
/// Longest text kept, in characters.
const MAX_TEXT: usize = 256;
/// Most tracks.
const MAX_TRACKS: usize = 99;

/// Kinds of packs that hold texts, in the order of [`fields`].
const TEXTS: [u8; 7] = [0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x8e];
/// Sizes of everything.
const SIZE_INFO: u8 = 0x8f;

/// Character codes (byte 0 of the size information).
const LATIN1: u8 = 0x00;
const ASCII: u8 = 0x01;
const MS_JIS: u8 = 0x80;

fn fields(entry: &CdTextEntry) -> [&String; 7] {
    let CdTextEntry { title, performer, songwriter, composer, arranger, message, code } = entry;
    [title, performer, songwriter, composer, arranger, message, code]
}

fn fields_mut(entry: &mut CdTextEntry) -> [&mut String; 7] {
    let CdTextEntry { title, performer, songwriter, composer, arranger, message, code } = entry;
    [title, performer, songwriter, composer, arranger, message, code]
}

/// A pack of block 0 whose checksum is right.
struct Pack<'a> {
    kind: u8,
    track: usize,
    double_byte: bool,
    /// Characters of its first text that were in packs before it (15: at least so many).
    before: u8,
    payload: &'a [u8],
}

fn pack(bytes: &[u8]) -> Option<Pack<'_>> {
    let told = u16::from_be_bytes([*bytes.get(16)?, *bytes.get(17)?]);
    // Drives that do not pass the checksum on say 0.
    let right = told == crc16(&bytes[..16]) || told == 0;
    let (extension, block) = (bytes[1] & 0x80 != 0, bytes[3] >> 4 & 7);
    (right && !extension && block == 0).then(|| Pack {
        kind: bytes[0],
        track: usize::from(bytes[1]),
        double_byte: bytes[3] & 0x80 != 0,
        before: bytes[3] & 0x0f,
        payload: &bytes[4..16],
    })
}

/// The texts in the packs that a drive gave; `None` if there are none.
pub fn parse_cd_text(bytes: &[u8]) -> Option<CdText> {
    let packs: Vec<Pack<'_>> = bytes.chunks_exact(PACK).take(MAX_PACKS).filter_map(pack).collect();
    // The first of three packs of sizes has the character code.
    let code = packs.iter().find(|pack| pack.kind == SIZE_INFO && pack.track == 0).map_or(LATIN1, |pack| pack.payload[0]);
    let mut text = CdText::default();
    for (field, kind) in TEXTS.into_iter().enumerate() {
        let mut previous = String::new();
        for (track, raw) in texts(&packs, kind) {
            let decoded = if is_repetition(&raw) { previous.clone() } else { decode(&raw, code) };
            previous.clone_from(&decoded);
            set(&mut text, track, field, decoded);
        }
    }
    while text.tracks.last().is_some_and(|entry| *entry == CdTextEntry::default()) {
        text.tracks.pop();
    }
    (text != CdText::default()).then_some(text)
}

/// A text that repeats the one before it: a tab, or two in double-byte texts.
fn is_repetition(raw: &RawText) -> bool {
    raw.bytes == if raw.double_byte { b"\t\t".as_slice() } else { b"\t" }
}

struct RawText {
    bytes: Vec<u8>,
    double_byte: bool,
}

/// All texts of one kind with the tracks they belong to. Texts end with a zero (two in double-byte texts) and go on from pack to
/// pack; the track number of a pack is that of its first text. After a pack that is missing reading goes on at the next text.
fn texts(packs: &[Pack<'_>], kind: u8) -> Vec<(usize, RawText)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, Vec<u8>)> = None;
    for pack in packs.iter().filter(|pack| pack.kind == kind) {
        let width = if pack.double_byte { 2 } else { 1 };
        let mut track = pack.track;
        // The end of a text whose beginning was lost is passed over.
        let mut lost = pack.before > 0 && open.as_ref().is_none_or(|(track, _)| *track != pack.track);
        if lost || pack.before == 0 {
            open = None;
        }
        for character in pack.payload.chunks_exact(width) {
            if character.iter().any(|byte| *byte != 0) {
                let (_, bytes) = open.get_or_insert_with(|| (track, Vec::new()));
                if bytes.len() < 4 * MAX_TEXT {
                    bytes.extend(character);
                }
                continue;
            }
            // The zeros that fill up the last pack end texts of tracks that may not exist: they are empty and harmless.
            let (of, bytes) = open.take().unwrap_or((track, Vec::new()));
            if !lost && of <= MAX_TRACKS {
                found.push((of, RawText { bytes, double_byte: pack.double_byte }));
            }
            (lost, track) = (false, track + 1);
        }
        if lost {
            open = None;
        }
    }
    found
}

fn decode(raw: &RawText, code: u8) -> String {
    let text: String = match (code, raw.double_byte) {
        (MS_JIS, _) => encoding_rs::SHIFT_JIS.decode_without_bom_handling(&raw.bytes).0.into_owned(),
        (LATIN1, false) => raw.bytes.iter().map(|byte| char::from(*byte)).collect(),
        (ASCII, false) => raw.bytes.iter().filter(|byte| byte.is_ascii()).map(|byte| char::from(*byte)).collect(),
        _ => String::new(),
    };
    clean(&text)
}

fn clean(text: &str) -> String {
    let visible = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffd}')
    };
    text.chars().filter(visible).take(MAX_TEXT).collect::<String>().trim().to_owned()
}

fn set(text: &mut CdText, track: usize, field: usize, value: String) {
    if value.is_empty() {
        return;
    }
    let entry = match track.checked_sub(1) {
        None => &mut text.disc,
        Some(index) => {
            if text.tracks.len() <= index {
                text.tracks.resize(index + 1, CdTextEntry::default());
            }
            &mut text.tracks[index]
        }
    };
    *fields_mut(entry)[field] = value;
}

/// Packs of these texts as a disc would have them: one block, Latin-1 (`?` for what that has not), for `tracks` tracks.
pub fn encode_cd_text(text: &CdText, tracks: u8) -> Vec<u8> {
    let count = usize::from(tracks).min(MAX_TRACKS);
    let empty = CdTextEntry::default();
    let entries: Vec<&CdTextEntry> =
        std::iter::once(&text.disc).chain((0..count).map(|index| text.tracks.get(index).unwrap_or(&empty))).collect();
    let mut packs: Vec<[u8; PACK]> = Vec::new();
    let mut counts = [0u8; 16];
    for (field, kind) in TEXTS.into_iter().enumerate() {
        let values: Vec<Vec<u8>> = entries.iter().map(|entry| latin1(fields(entry)[field])).collect();
        if values.iter().all(Vec::is_empty) {
            continue;
        }
        // Each byte with the track it belongs to and its place in its text.
        let stream: Vec<(usize, usize, u8)> = (0..)
            .zip(&values)
            .flat_map(|(track, value)| (0..).zip(value.iter().chain(&[0])).map(move |(place, byte)| (track, place, *byte)))
            .collect();
        for bytes in stream.chunks(PAYLOAD) {
            // More would not fit into a block: the sequence numbers are one byte.
            if packs.len() >= 253 {
                break;
            }
            let (track, place) = bytes.first().map_or((0, 0), |(track, place, _)| (*track, *place));
            let mut pack = [0; PACK];
            pack[0] = kind;
            pack[1] = track as u8;
            pack[3] = place.min(15) as u8;
            (4..).zip(bytes).for_each(|(at, (_, _, byte))| pack[at] = *byte);
            packs.push(pack);
            counts[usize::from(kind & 0x0f)] += 1;
        }
    }
    if !packs.is_empty() {
        sizes(&mut packs, counts, count as u8);
    }
    for (number, pack) in packs.iter_mut().enumerate() {
        pack[2] = number as u8;
    }
    let mut bytes = packs.concat();
    seal_cd_text(&mut bytes);
    bytes
}

fn latin1(text: &str) -> Vec<u8> {
    clean(text).chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

/// Makes the checksums of all packs right: for packs that were made or changed by hand.
pub fn seal_cd_text(packs: &mut [u8]) {
    for pack in packs.chunks_exact_mut(PACK) {
        let sum = crc16(&pack[..16]).to_be_bytes();
        pack[16..].copy_from_slice(&sum);
    }
}

/// The three packs that tell how much there is.
fn sizes(packs: &mut Vec<[u8; PACK]>, mut counts: [u8; 16], tracks: u8) {
    counts[usize::from(SIZE_INFO & 0x0f)] = 3;
    let mut info = [0u8; 3 * PAYLOAD];
    (info[0], info[1], info[2]) = (LATIN1, 1, tracks);
    info[4..20].copy_from_slice(&counts);
    info[20] = (packs.len() + 2) as u8;
    // Language code of block 0: English.
    info[28] = 9;
    for (part, payload) in info.chunks(PAYLOAD).enumerate() {
        let mut pack = [0; PACK];
        (pack[0], pack[1]) = (SIZE_INFO, part as u8);
        pack[4..16].copy_from_slice(payload);
        packs.push(pack);
    }
}

#[cfg(test)]
mod tests;
