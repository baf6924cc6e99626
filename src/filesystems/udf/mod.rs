//! UDF (ECMA-167, OSTA UDF 1.02 to 2.60): volume descriptors; the root folder is in `root`.

mod root;

use super::{
    bytes::{field, latin1, le16, le32, utf16_be},
    reader::Bounded,
};
use crate::domain::{disc::clean_label, ids::SECTOR};

/// Most sectors of a volume descriptor sequence that are looked at; the standard asks for at least 16.
const MAX_SEQUENCE: u64 = 32;
/// Most partitions and partition maps; discs have one or two.
const MAX_PARTITIONS: usize = 8;

/// A UDF file system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Udf {
    /// Logical volume identifier, or the primary volume descriptor's if that is empty; cleaned.
    pub label: String,
    /// First sector after the last partition. An anchor and more may follow: it is less than the disc, never more.
    pub end_sector: u64,
}

/// What a volume descriptor sequence says.
#[derive(Debug, Default)]
struct Volume {
    primary_label: String,
    logical: Option<Logical>,
    partitions: Vec<Partition>,
}

/// The logical volume descriptor with the highest sequence number.
#[derive(Debug)]
struct Logical {
    sequence: u32,
    label: String,
    block_size: u32,
    file_set: LongAd,
    maps: Vec<Map>,
}

/// A partition descriptor.
#[derive(Debug, Clone, Copy)]
struct Partition {
    sequence: u32,
    number: u16,
    start: u32,
    length: u32,
}

/// A partition map: what a partition reference means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Map {
    /// Blocks of the partition with this number.
    Physical(u16),
    /// Blocks of the metadata file, whose own entry is at `file` in the partition (UDF 2.50).
    Metadata { partition: u16, file: u32 },
    /// Anything else (virtual partitions of packet-written discs).
    Unknown,
}

/// An extent with its partition reference (ECMA-167 4/14.14.2).
#[derive(Debug, Clone, Copy, Default)]
struct LongAd {
    length: u32,
    block: u32,
    map: u16,
}

impl LongAd {
    fn parse(bytes: &[u8], at: usize) -> Self {
        Self {
            length: le32(bytes, at) & 0x3fff_ffff,
            block: le32(bytes, at.saturating_add(4)),
            map: le16(bytes, at.saturating_add(8)),
        }
    }
}

/// Looks for the anchor where it may be, reads the volume descriptors and appends the names of the root folder.
pub(super) fn probe(disc: &mut Bounded<'_>, sectors: Option<u64>, session: u64, names: &mut Vec<String>) -> Option<Udf> {
    // The end of a CD may be unreadable by nature (run-out): it is read only on a disc that says it has UDF.
    let announced = is_announced(disc, session);
    let end = |back: u64| sectors.and_then(|sectors| sectors.checked_sub(back)).filter(|lba| announced && *lba > 16);
    let places = [session.checked_add(256), Some(256), end(1), end(257)];
    let mut tried = Vec::new();
    for place in places.into_iter().flatten().filter(|place| sectors.is_none_or(|sectors| *place < sectors)) {
        if tried.contains(&place) {
            continue;
        }
        tried.push(place);
        let Some(anchor) = disc.sector(place).filter(|sector| tag(sector) == Some(2)) else { continue };
        // The main sequence, and the reserve if the main one is of no use.
        for at in [16, 24] {
            let (length, location) = (u64::from(le32(&anchor, at)), u64::from(le32(&anchor, at + 4)));
            let volume = sequence(disc, location, length.div_ceil(SECTOR).min(MAX_SEQUENCE));
            if let Some(udf) = volume.describe() {
                root::names(disc, &volume, names);
                return Some(udf);
            }
        }
    }
    None
}

/// Whether the volume recognition sequence has an NSR descriptor (ECMA-167 3/9.1). On bridge discs it follows ISO 9660.
fn is_announced(disc: &mut Bounded<'_>, session: u64) -> bool {
    for lba in (16..32).filter_map(|index| session.checked_add(index)) {
        match disc.sector(lba).as_deref().map(|sector| field(sector, 1, 5)) {
            Some(b"NSR02" | b"NSR03") => return true,
            Some(b"CD001" | b"BEA01" | b"BOOT2" | b"CDW02") => {}
            _ => return false,
        }
    }
    false
}

impl Volume {
    fn describe(&self) -> Option<Udf> {
        let logical = self.logical.as_ref()?;
        let end_sector =
            self.partitions.iter().map(|partition| u64::from(partition.start) + u64::from(partition.length)).max()?;
        let label = if logical.label.is_empty() { &self.primary_label } else { &logical.label };
        Some(Udf { label: label.clone(), end_sector })
    }
}

fn sequence(disc: &mut Bounded<'_>, location: u64, count: u64) -> Volume {
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
fn tag(descriptor: &[u8]) -> Option<u16> {
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
fn characters(bytes: &[u8]) -> String {
    clean_label(&match bytes.split_first() {
        Some((16 | 255, text)) => utf16_be(text),
        Some((8 | 254, text)) => latin1(text),
        _ => String::new(),
    })
}
