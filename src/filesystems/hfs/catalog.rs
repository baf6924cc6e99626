//! Records of the catalogue and of the extents that have no room in it.

use super::volume::{Extent, Fork, plain_extents, plus_extents};
use crate::filesystems::bytes::{be16, be32, byte, field, utf16_be};

/// Characters 128 to 255 of Mac OS Roman.
const MAC_ROMAN: &str = "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{f8ff}ÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ";

/// A folder or file of the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Folder that it is in; 1 for the root folder itself, 2 for what is in it.
    pub(super) parent: u32,
    pub(super) name: String,
    pub(super) id: u32,
    pub(super) is_folder: bool,
    pub(super) data: Fork,
    pub(super) resource: Fork,
}

/// Extents of a fork behind those that its record names.
pub(super) struct Overflow {
    pub(super) file: u32,
    pub(super) is_resource: bool,
    /// First block of the file that they are for.
    pub(super) start: u32,
    pub(super) extents: Vec<Extent>,
}

/// Text in Mac OS Roman.
pub(super) fn mac_roman(bytes: &[u8]) -> String {
    let high = |byte: u8| MAC_ROMAN.chars().nth(usize::from(byte) - 128).unwrap_or(char::REPLACEMENT_CHARACTER);
    bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { high(*byte) }).collect()
}

impl Entry {
    /// Reads a record of the catalogue of HFS+ (technical note 1150); threads are nothing.
    pub(super) fn plus(record: &[u8]) -> Option<Self> {
        let data = record.get(2 + usize::from(be16(record, 0))..)?;
        let kind = be16(data, 0);
        let name = utf16_be(field(record, 8, usize::from(be16(record, 6)).min(255) * 2));
        let entry = Self {
            parent: be32(record, 2),
            name,
            id: be32(data, 8),
            is_folder: kind == 1,
            data: Fork::default(),
            resource: Fork::default(),
        };
        match kind {
            1 => Some(entry),
            2 => Some(Self { data: Fork::plus(data, 88), resource: Fork::plus(data, 168), ..entry }),
            _ => None,
        }
    }

    /// Reads a record of the catalogue of HFS (Inside Macintosh: Files, chapter 2).
    pub(super) fn plain(record: &[u8]) -> Option<Self> {
        // Data begins at an even place.
        let data = record.get((1 + usize::from(byte(record, 0))).next_multiple_of(2)..)?;
        let name = mac_roman(field(record, 7, usize::from(byte(record, 6)).min(31)));
        let entry = |id, is_folder| Self {
            parent: be32(record, 2),
            name,
            id,
            is_folder,
            data: Fork::default(),
            resource: Fork::default(),
        };
        match byte(data, 0) {
            1 => Some(entry(be32(data, 6), true)),
            2 => {
                let entry = entry(be32(data, 20), false);
                Some(Self { data: Fork::plain(data, 26, 74), resource: Fork::plain(data, 36, 86), ..entry })
            }
            _ => None,
        }
    }
}

impl Overflow {
    /// Reads a record of the extents of HFS+.
    pub(super) fn plus(record: &[u8]) -> Self {
        Self {
            is_resource: byte(record, 2) == 0xff,
            file: be32(record, 4),
            start: be32(record, 8),
            extents: plus_extents(record, 12),
        }
    }

    /// Reads a record of the extents of HFS.
    pub(super) fn plain(record: &[u8]) -> Self {
        Self {
            is_resource: byte(record, 1) == 0xff,
            file: be32(record, 2),
            start: u32::from(be16(record, 6)),
            extents: plain_extents(record, 8),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mac_roman_has_a_character_for_each_byte() {
        assert_eq!(MAC_ROMAN.chars().count(), 128);
        assert_eq!(mac_roman(b"F\x9f\xa7e \xaa"), "Füße ™");
    }
}
