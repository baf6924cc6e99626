//! Folder records (ECMA-119 section 9.1).

use crate::filesystems::bytes::{byte, field, le32};

/// A file (or a section of one) or a folder, as its parent describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// First logical block, which is that of the extended attributes if there are any.
    pub(super) block: u32,
    /// Logical blocks of extended attributes before the data.
    attributes: u8,
    /// Bytes of data.
    pub(super) length: u32,
    flags: u8,
    /// Interleaving in logical blocks: length of a file unit and of the gap after it; 0 and 0 nearly always.
    interleave: (u8, u8),
    /// Identifier as it is stored.
    pub(super) name: Vec<u8>,
    /// System use field, where Rock Ridge is.
    pub(super) system_use: Vec<u8>,
}

impl Record {
    /// Reads one; missing bytes are zeros.
    pub(super) fn parse(record: &[u8]) -> Self {
        let name = usize::from(byte(record, 32));
        // A byte of padding makes the identifier end at an even place.
        let system_use = 33 + name + usize::from(name.is_multiple_of(2));
        Self {
            block: le32(record, 2),
            attributes: byte(record, 1),
            length: le32(record, 10),
            flags: byte(record, 25),
            interleave: (byte(record, 26), byte(record, 27)),
            name: field(record, 33, name).to_vec(),
            system_use: record.get(system_use..).unwrap_or_default().to_vec(),
        }
    }

    /// First logical block of the data.
    pub(super) fn data_block(&self) -> u32 {
        self.block.saturating_add(u32::from(self.attributes))
    }

    /// Bytes on the disc from the first to the last, with the gaps of an interleaved file.
    pub(super) fn span(&self, block: u64) -> u64 {
        let blocks = u64::from(self.length).div_ceil(block);
        match self.interleave {
            (unit @ 1.., gap @ 1..) => {
                let gaps = blocks.div_ceil(u64::from(unit)).saturating_sub(1);
                u64::from(self.length) + gaps * u64::from(gap) * block
            }
            _ => u64::from(self.length),
        }
    }

    /// A folder.
    pub(super) fn is_folder(&self) -> bool {
        self.flags & 0x02 != 0
    }

    /// An associated file: the resource fork of the file with this name.
    pub(super) fn is_associated(&self) -> bool {
        self.flags & 0x04 != 0
    }

    /// A section of a file of which more follow, in the records behind this one.
    pub(super) fn goes_on(&self) -> bool {
        self.flags & 0x80 != 0
    }

    /// The folder itself or its parent.
    pub(super) fn is_dot(&self) -> bool {
        matches!(self.name.as_slice(), [] | [0] | [1])
    }
}

/// The records in a sector of a folder. None crosses the end of a sector.
pub(super) fn records(sector: &[u8]) -> impl Iterator<Item = Record> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let length = sector.get(at).copied().map(usize::from).filter(|length| *length >= 34)?;
        let record = Record::parse(field(sector, at, length));
        at += length;
        Some(record)
    })
}
