//! Volume descriptors: labels, partitions, and what partition references mean.

use super::{MAX_SEQUENCE, Udf};
use crate::{
    domain::{disc::clean_label, ids::SECTOR},
    filesystems::{
        bytes::{byte, field, latin1, le16, le32, utf16_be},
        reader::Bounded,
    },
};

/// Most partitions and partition maps; discs have one or two.
const MAX_PARTITIONS: usize = 8;

/// Most times that a sequence goes on elsewhere.
const MAX_HOPS: usize = 4;

/// What a volume descriptor sequence says.
#[derive(Debug, Default)]
pub(super) struct Volume {
    pub(super) primary_label: String,
    pub(super) logical: Option<Logical>,
    pub(super) partitions: Vec<Partition>,
    /// Sectors of the sequence.
    pub(super) sectors: Vec<u64>,
}

/// The logical volume descriptor with the highest sequence number.
#[derive(Debug)]
pub(super) struct Logical {
    pub(super) sequence: u32,
    pub(super) label: String,
    pub(super) block_size: u32,
    pub(super) file_set: LongAd,
    pub(super) maps: Vec<Map>,
    /// Integrity sequence: first sector and bytes.
    pub(super) integrity: (u32, u32),
}

/// A partition descriptor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Partition {
    pub(super) sequence: u32,
    pub(super) number: u16,
    pub(super) start: u32,
    pub(super) length: u32,
    /// Space bitmap: bytes and first block.
    pub(super) bitmap: (u32, u32),
}

/// A partition map: what a partition reference means. Each names a partition by its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Map {
    /// Blocks of the partition.
    Physical(u16),
    /// Blocks of the metadata file, whose own entry is at `file` in the partition, a copy of it at `mirror` (UDF 2.50).
    Metadata { partition: u16, file: u32, mirror: u32 },
    /// Blocks of the partition, some packets of which were moved; the tables that tell which begin in these sectors.
    Sparable { partition: u16, packet: u16, table_size: u32, tables: Vec<u32> },
    /// Entries of the virtual allocation table, which is in the last sector that was written (UDF 1.50).
    Virtual { partition: u16 },
    /// Anything else.
    Unknown,
}

/// An extent with its partition reference (ECMA-167 4/14.14.2).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LongAd {
    pub(super) length: u32,
    pub(super) block: u32,
    pub(super) map: u16,
}

impl LongAd {
    /// Reads one.
    pub(super) fn parse(bytes: &[u8], at: usize) -> Self {
        Self {
            length: le32(bytes, at) & 0x3fff_ffff,
            block: le32(bytes, at.saturating_add(4)),
            map: le16(bytes, at.saturating_add(8)),
        }
    }
}

impl Volume {
    /// Label and end of the last partition, if it is a volume at all.
    pub(super) fn describe(&self) -> Option<Udf> {
        let logical = self.logical.as_ref()?;
        let end_sector =
            self.partitions.iter().map(|partition| u64::from(partition.start) + u64::from(partition.length)).max()?;
        let label = if logical.label.is_empty() { &self.primary_label } else { &logical.label };
        Some(Udf { label: label.clone(), end_sector })
    }
}

/// Reads a volume descriptor sequence; of each thing the latest descriptor counts.
pub(super) fn sequence(disc: &mut Bounded<'_>, location: u64, count: u64) -> Volume {
    let mut volume = Volume::default();
    let mut next = Some((location, count));
    for _ in 0..MAX_HOPS {
        let Some((location, count)) = next.take() else { break };
        for index in 0..count.min(MAX_SEQUENCE) {
            let Some(lba) = location.checked_add(index) else { break };
            let Some(descriptor) = disc.sector(lba) else { break };
            volume.sectors.push(lba);
            match tag(&descriptor) {
                Some(1) => volume.primary_label = dstring(field(&descriptor, 24, 32)),
                // The sequence goes on elsewhere.
                Some(3) => {
                    next = Some((u64::from(le32(&descriptor, 24)), u64::from(le32(&descriptor, 20)).div_ceil(SECTOR)));
                    break;
                }
                Some(5) => add_partition(&mut volume.partitions, &descriptor),
                Some(6) => {
                    let logical = logical(&descriptor);
                    if volume.logical.as_ref().is_none_or(|before| before.sequence <= logical.sequence) {
                        volume.logical = Some(logical);
                    }
                }
                Some(8) | None => break,
                Some(_) => {}
            }
        }
    }
    volume
}

fn add_partition(partitions: &mut Vec<Partition>, descriptor: &[u8]) {
    let sequence = le32(descriptor, 16);
    let partition = Partition {
        sequence,
        number: le16(descriptor, 22),
        start: le32(descriptor, 188),
        length: le32(descriptor, 192),
        bitmap: (le32(descriptor, 64) & 0x3fff_ffff, le32(descriptor, 68)),
    };
    match partitions.iter().position(|known| known.number == partition.number) {
        Some(index) if partitions[index].sequence <= sequence => partitions[index] = partition,
        None if partitions.len() < MAX_PARTITIONS => partitions.push(partition),
        _ => {}
    }
}

fn logical(descriptor: &[u8]) -> Logical {
    let table = field(descriptor, 440, usize::try_from(le32(descriptor, 264)).unwrap_or(0));
    let mut maps = Vec::new();
    let mut at = 0;
    while maps.len() < MAX_PARTITIONS {
        let length = usize::from(table.get(at + 1).copied().unwrap_or(0));
        if length < 6 || at + length > table.len() {
            break;
        }
        maps.push(map(field(table, at, length)));
        at += length;
    }
    Logical {
        sequence: le32(descriptor, 16),
        label: dstring(field(descriptor, 84, 128)),
        block_size: le32(descriptor, 212),
        file_set: LongAd::parse(descriptor, 248),
        maps,
        integrity: (le32(descriptor, 436), le32(descriptor, 432)),
    }
}

fn map(entry: &[u8]) -> Map {
    let named = |name: &[u8]| field(entry, 5, name.len()) == name;
    let partition = le16(entry, 38);
    match entry.first() {
        Some(1) => Map::Physical(le16(entry, 4)),
        Some(2) if named(b"*UDF Metadata Partition") => {
            Map::Metadata { partition, file: le32(entry, 40), mirror: le32(entry, 44) }
        }
        Some(2) if named(b"*UDF Sparable Partition") => {
            let tables = field(entry, 48, usize::from(byte(entry, 42).min(4)) * 4).chunks_exact(4);
            let tables = tables.map(|table| le32(table, 0)).collect();
            Map::Sparable { partition, packet: le16(entry, 40), table_size: le32(entry, 44), tables }
        }
        Some(2) if named(b"*UDF Virtual Partition") => Map::Virtual { partition },
        _ => Map::Unknown,
    }
}

/// The identifier of a descriptor, if its tag is one: the checksum covers the tag's 16 bytes (ECMA-167 3/7.2).
pub(super) fn tag(descriptor: &[u8]) -> Option<u16> {
    let tag = descriptor.get(..16)?;
    let sum = tag.iter().enumerate().filter(|(index, _)| *index != 4).fold(0_u8, |sum, (_, byte)| sum.wrapping_add(*byte));
    (sum == tag[4] && tag.iter().any(|byte| *byte != 0)).then(|| le16(tag, 0))
}

/// Text with its length in the last byte of its field (ECMA-167 1/7.2.12), cleaned.
fn dstring(field: &[u8]) -> String {
    match field.split_last() {
        Some((length, text)) => clean_label(&characters(&text[..usize::from(*length).min(text.len())])),
        None => String::new(),
    }
}

/// Compressed Unicode: 8 or 16 bits per character (OSTA UDF section 2.1.1). Not cleaned.
pub(super) fn characters(bytes: &[u8]) -> String {
    match bytes.split_first() {
        Some((16 | 255, text)) => utf16_be(text),
        Some((8 | 254, text)) => latin1(text),
        _ => String::new(),
    }
}
