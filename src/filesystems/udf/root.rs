//! The root folder of a UDF volume: file set → file entry → its data → file identifiers.

use super::descriptors::{LongAd, Map, Volume, characters, tag};
use crate::{
    domain::ids::SECTOR,
    filesystems::{
        MAX_FOLDER_SECTORS, MAX_NAMES,
        bytes::{field, le16, le32, le64},
        reader::Bounded,
    },
};

/// Most extents of a file that are followed.
const MAX_EXTENTS: usize = 64;

/// Data of a file: in the entry itself, or where it lies.
enum Data {
    Inline(Vec<u8>),
    Extents { length: u64, extents: Vec<LongAd> },
}

/// Appends the names in the root folder, as far as they can be reached.
pub(super) fn names(disc: &mut Bounded<'_>, volume: &Volume, names: &mut Vec<String>) {
    if let Some(folder) = root_folder(disc, volume) {
        identifiers(&folder, names);
    }
}

fn root_folder(disc: &mut Bounded<'_>, volume: &Volume) -> Option<Vec<u8>> {
    let logical = volume.logical.as_ref().filter(|logical| u64::from(logical.block_size) == SECTOR)?;
    let space = Space { volume, metadata: metadata(disc, volume) };
    let file_set = disc.sector(space.locate(logical.file_set.map, logical.file_set.block)?)?;
    if tag(&file_set) != Some(256) {
        return None;
    }
    let root = LongAd::parse(&file_set, 400);
    let entry = disc.sector(space.locate(root.map, root.block)?)?;
    match data(&entry, root.map)? {
        Data::Inline(bytes) => Some(bytes),
        Data::Extents { length, extents } => {
            let mut bytes = Vec::new();
            let wanted = length.div_ceil(SECTOR).min(MAX_FOLDER_SECTORS);
            let blocks = extents.iter().flat_map(|extent| {
                let count = extent.length.div_ceil(SECTOR as u32);
                (0..count).map(|index| (extent.map, extent.block.saturating_add(index)))
            });
            for (map, block) in blocks.take(usize::try_from(wanted).unwrap_or(0)) {
                let Some(sector) = space.locate(map, block).and_then(|lba| disc.sector(lba)) else { break };
                bytes.extend(sector);
            }
            bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
            Some(bytes)
        }
    }
}

/// Where blocks are.
struct Space<'a> {
    volume: &'a Volume,
    /// Extents of the metadata file, in blocks of its partition.
    metadata: Vec<LongAd>,
}

impl Space<'_> {
    /// Sector of a block, counted in what the partition reference means.
    fn locate(&self, map: u16, block: u32) -> Option<u64> {
        match *self.volume.logical.as_ref()?.maps.get(usize::from(map))? {
            Map::Physical(number) => physical(self.volume, number, block),
            Map::Metadata { partition, .. } => {
                let mut left = block;
                for extent in &self.metadata {
                    let blocks = extent.length.div_ceil(SECTOR as u32);
                    if left < blocks {
                        return physical(self.volume, partition, extent.block.checked_add(left)?);
                    }
                    left -= blocks;
                }
                None
            }
            Map::Unknown => None,
        }
    }
}

fn physical(volume: &Volume, number: u16, block: u32) -> Option<u64> {
    let partition = volume.partitions.iter().find(|partition| partition.number == number)?;
    (block < partition.length).then(|| u64::from(partition.start) + u64::from(block))
}

/// Extents of the metadata file, if the volume has one.
fn metadata(disc: &mut Bounded<'_>, volume: &Volume) -> Vec<LongAd> {
    let maps = volume.logical.as_ref().map(|logical| logical.maps.as_slice()).unwrap_or_default();
    let found = maps.iter().find_map(|map| match *map {
        Map::Metadata { partition, file } => physical(volume, partition, file),
        _ => None,
    });
    match found.and_then(|lba| disc.sector(lba)).and_then(|entry| data(&entry, 0)) {
        Some(Data::Extents { extents, .. }) => extents,
        _ => Vec::new(),
    }
}

/// Data of a file entry (ECMA-167 4/14.9) or extended file entry (4/14.17) that was found by way of `map`.
fn data(entry: &[u8], map: u16) -> Option<Data> {
    let (attributes, start) = match tag(entry)? {
        261 => (le32(entry, 168), 176),
        266 => (le32(entry, 208), 216),
        _ => return None,
    };
    let size = usize::try_from(le32(entry, start - 4)).ok()?;
    let allocation = field(entry, start.checked_add(usize::try_from(attributes).ok()?)?, size);
    let length = le64(entry, 56);
    let short = |ad: &[u8]| LongAd { length: le32(ad, 0) & 0x3fff_ffff, block: le32(ad, 4), map };
    let extents: Vec<LongAd> = match le16(entry, 34) & 7 {
        0 => allocation.chunks_exact(8).map(short).collect(),
        1 => allocation.chunks_exact(16).map(|ad| LongAd::parse(ad, 0)).collect(),
        3 => return Some(Data::Inline(field(allocation, 0, usize::try_from(length).unwrap_or(usize::MAX)).to_vec())),
        _ => return None,
    };
    let extents = extents.into_iter().take_while(|extent| extent.length > 0).take(MAX_EXTENTS).collect();
    Some(Data::Extents { length, extents })
}

/// Names in a folder's file identifier descriptors (ECMA-167 4/14.4).
fn identifiers(folder: &[u8], names: &mut Vec<String>) {
    let mut at = 0;
    while let Some(entry) = folder.get(at..).filter(|rest| rest.len() >= 38 && tag(rest) == Some(257)) {
        let (flags, name) = (entry[18], usize::from(entry[19]));
        let before = 38 + usize::from(le16(entry, 36));
        // Neither deleted (4) nor the parent (8).
        if flags & 0x0c == 0 && names.len() < 2 * MAX_NAMES {
            names.push(characters(field(entry, before, name)));
        }
        at += (before + name).next_multiple_of(4);
    }
}
