//! Volume descriptors: labels, partitions, and what partition references mean.

use super::Udf;
use crate::{
    domain::disc::clean_label,
    filesystems::{
        bytes::{field, latin1, le16, le32, utf16_be},
        reader::Bounded,
    },
};

/// Most partitions and partition maps; discs have one or two.
const MAX_PARTITIONS: usize = 8;

/// What a volume descriptor sequence says.
#[derive(Debug, Default)]
pub(super) struct Volume {
    pub(super) primary_label: String,
    pub(super) logical: Option<Logical>,
    pub(super) partitions: Vec<Partition>,
}

/// The logical volume descriptor with the highest sequence number.
#[derive(Debug)]
pub(super) struct Logical {
    pub(super) sequence: u32,
    pub(super) label: String,
    pub(super) block_size: u32,
    pub(super) file_set: LongAd,
    pub(super) maps: Vec<Map>,
}

/// A partition descriptor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Partition {
    pub(super) sequence: u32,
    pub(super) number: u16,
    pub(super) start: u32,
    pub(super) length: u32,
}

/// A partition map: what a partition reference means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Map {
    /// Blocks of the partition with this number.
    Physical(u16),
    /// Blocks of the metadata file, whose own entry is at `file` in the partition (UDF 2.50).
    Metadata { partition: u16, file: u32 },
    /// Anything else (virtual partitions of packet-written discs).
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
    /// Label and size, if it is a volume at all.
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
    for index in 0..count {
        let Some(descriptor) = disc.sector(location + index) else { break };
        match tag(&descriptor) {
            Some(1) => volume.primary_label = dstring(field(&descriptor, 24, 32)),
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
    volume
}

fn add_partition(partitions: &mut Vec<Partition>, descriptor: &[u8]) {
    let sequence = le32(descriptor, 16);
    let partition =
        Partition { sequence, number: le16(descriptor, 22), start: le32(descriptor, 188), length: le32(descriptor, 192) };
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
    }
}

fn map(entry: &[u8]) -> Map {
    let named = |name: &[u8]| field(entry, 5, name.len()) == name;
    match entry.first() {
        Some(1) => Map::Physical(le16(entry, 4)),
        Some(2) if named(b"*UDF Metadata Partition") => Map::Metadata { partition: le16(entry, 38), file: le32(entry, 40) },
        // Spared packets are few and never hold the root folder of a disc that was closed properly.
        Some(2) if named(b"*UDF Sparable Partition") => Map::Physical(le16(entry, 38)),
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
        Some((length, text)) => characters(&text[..usize::from(*length).min(text.len())]),
        None => String::new(),
    }
}

/// Compressed Unicode: 8 or 16 bits per character (OSTA UDF section 2.1.1), cleaned.
pub(super) fn characters(bytes: &[u8]) -> String {
    clean_label(&match bytes.split_first() {
        Some((16 | 255, text)) => utf16_be(text),
        Some((8 | 254, text)) => latin1(text),
        _ => String::new(),
    })
}
