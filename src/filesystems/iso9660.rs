//! ISO 9660 (ECMA-119) and Joliet: volume descriptors and the root folder.

use super::{
    MAX_FOLDER_SECTORS, MAX_NAMES,
    bytes::{field, latin1, le16, le32, utf16_be},
    reader::Bounded,
};
use crate::domain::{disc::clean_label, ids::SECTOR};

/// First volume descriptor, counted from the start of the session.
const FIRST_DESCRIPTOR: u64 = 16;
/// Most descriptors looked at; real discs have two to five.
const MAX_DESCRIPTORS: u64 = 16;

/// An ISO 9660 file system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Iso9660 {
    /// Volume identifier of the primary volume descriptor, cleaned.
    pub label: String,
    /// Volume identifier of the Joliet descriptor, cleaned; at most 16 characters.
    pub joliet_label: Option<String>,
    /// Volume space size in sectors of 2048 bytes. Hybrid and multi-session discs may hold more than it says.
    pub sectors: u64,
}

/// Reads the descriptors of the session that starts at `session` and appends the names of the root folder.
pub(super) fn probe(disc: &mut Bounded<'_>, session: u64, names: &mut Vec<String>) -> Option<Iso9660> {
    let mut found: Option<Iso9660> = None;
    let mut root = None;
    for index in 0..MAX_DESCRIPTORS {
        let Some(descriptor) = disc.sector(session.checked_add(FIRST_DESCRIPTOR + index)?) else { break };
        if field(&descriptor, 1, 5) != b"CD001" {
            break;
        }
        match descriptor.first() {
            Some(1) if found.is_none() => {
                found =
                    Some(Iso9660 { label: label(field(&descriptor, 40, 32)), joliet_label: None, sectors: size(&descriptor) });
                root = Some((u64::from(le32(&descriptor, 156 + 2)), u64::from(le32(&descriptor, 156 + 10))));
            }
            Some(2) if is_joliet(&descriptor) => {
                if let Some(iso) = found.as_mut().filter(|iso| iso.joliet_label.is_none()) {
                    iso.joliet_label = Some(clean_label(&utf16_be(field(&descriptor, 40, 32))));
                }
            }
            Some(255) => break,
            _ => {}
        }
    }
    if let Some((extent, length)) = root {
        let bytes = disc.run(extent, length.div_ceil(SECTOR).min(MAX_FOLDER_SECTORS));
        folder(&bytes, names);
    }
    found
}

fn label(bytes: &[u8]) -> String {
    clean_label(&latin1(bytes))
}

/// Volume space size in logical blocks, which are nearly always sectors.
fn size(descriptor: &[u8]) -> u64 {
    let blocks = u64::from(le32(descriptor, 80));
    match u64::from(le16(descriptor, 128)) {
        block @ (512 | 1024) => (blocks * block).div_ceil(SECTOR),
        _ => blocks,
    }
}

/// Escape sequences of UCS-2 levels 1 to 3 (Joliet specification, section 3).
fn is_joliet(descriptor: &[u8]) -> bool {
    matches!(field(descriptor, 88, 3), b"%/@" | b"%/C" | b"%/E")
}

/// Names in the records of a folder (ECMA-119 section 9.1). A record never crosses the end of a sector.
fn folder(bytes: &[u8], names: &mut Vec<String>) {
    for sector in bytes.chunks(SECTOR as usize) {
        let mut at = 0;
        while let Some(length) = sector.get(at).copied().map(usize::from).filter(|length| *length >= 34) {
            let record = field(sector, at, length);
            let name = field(record, 33, usize::from(record.get(32).copied().unwrap_or(0)));
            // 0 and 1 are the folder itself and its parent; a file's name ends in its version.
            if !matches!(name, [] | [0] | [1]) && names.len() < MAX_NAMES {
                let name = latin1(name);
                names.push(clean_label(name.split(';').next().unwrap_or_default().trim_end_matches('.')));
            }
            at += length;
        }
    }
}
