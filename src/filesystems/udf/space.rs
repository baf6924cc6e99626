//! Where blocks are: partition references lead to partitions directly, by way of the metadata file, around packets that went bad, or
//! through the table that discs written once have instead of rewriting.

use super::{
    descriptors::{Map, Partition, Volume, tag},
    entry::{Allocation, Entry, Located, content},
};
use crate::{
    domain::ids::SECTOR,
    filesystems::{
        bytes::{byte, field, le16, le32, size},
        reader::Bounded,
    },
};
use std::{collections::BTreeMap, ops::Range};

/// Most entries of a table of moved packets; UDF 2.60 section 2.2.12 has at most 65535.
const MAX_SPARED: usize = 4096;
/// Most bytes of a virtual allocation table: a million files.
const MAX_VAT: usize = 4 << 20;
/// Sectors before the end of the disc in which a virtual allocation table is looked for: run-out and padding may follow it.
const VAT_SEARCH: u64 = 24;

/// What a partition reference means.
#[derive(Debug)]
enum Meaning {
    /// Blocks of the partition but for packets of `packet` blocks, which are in these sectors by their first block.
    Physical { partition: Partition, packet: u32, moved: BTreeMap<u32, u32> },
    /// Blocks of a file in the partition.
    Metadata { partition: Partition, extents: Vec<Allocation> },
    /// Block of the partition by number.
    Virtual { partition: Partition, table: Vec<u32> },
}

/// The space of a volume.
#[derive(Debug, Default)]
pub(super) struct Space {
    /// Sector from which everything is counted: 0, or the start of the session on some discs.
    origin: u64,
    maps: Vec<Option<Meaning>>,
    /// Bytes on the disc of what was needed to find this out.
    pub(super) tables: Vec<Range<u64>>,
    /// Sector after the virtual allocation table, which ends a disc that has one.
    pub(super) end_of_virtual: Option<u64>,
}

impl Space {
    /// Finds out what the partition references of a volume mean; what cannot be found out leads nowhere.
    pub(super) fn open(disc: &mut Bounded<'_>, volume: &Volume, origin: u64, sectors: Option<u64>) -> Self {
        let mut space = Self { origin, ..Self::default() };
        let maps = volume.logical.as_ref().map(|logical| logical.maps.as_slice()).unwrap_or_default();
        let partition = |number: u16| volume.partitions.iter().find(|partition| partition.number == number).copied();
        let plain = |partition| Meaning::Physical { partition, packet: 1, moved: BTreeMap::new() };
        for map in maps {
            let meaning = match map {
                Map::Physical(number) => partition(*number).map(plain),
                Map::Sparable { partition: number, packet, table_size, tables } => partition(*number).map(|partition| {
                    let moved = space.moved(disc, tables, *table_size);
                    Meaning::Physical { partition, packet: u32::from(*packet).max(1), moved }
                }),
                _ => None,
            };
            space.maps.push(meaning);
        }
        // These are files, which may only be found through the others.
        for (index, map) in maps.iter().enumerate() {
            let meaning = match map {
                Map::Metadata { partition: number, file, mirror } => {
                    partition(*number).and_then(|partition| space.metadata(disc, partition, [*file, *mirror]))
                }
                Map::Virtual { partition: number } => {
                    partition(*number).and_then(|partition| space.virtual_table(disc, index, partition, sectors))
                }
                _ => continue,
            };
            space.maps[index] = meaning;
        }
        space
    }

    /// Sector of a block.
    pub(super) fn locate(&self, map: u16, block: u32) -> Option<u64> {
        self.places(map, block, SECTOR).first().map(|place| place.start / SECTOR)
    }

    /// Bytes on the disc of `length` bytes from a block on, as far as there are any.
    pub(super) fn places(&self, map: u16, block: u32, length: u64) -> Vec<Range<u64>> {
        let Some(meaning) = self.maps.get(usize::from(map)).and_then(Option::as_ref) else { return Vec::new() };
        match meaning {
            Meaning::Physical { partition, packet, moved } => {
                let mut places = Vec::new();
                let end = u64::from(block) + length.div_ceil(SECTOR);
                let mut at = u64::from(block);
                let first = block - block % packet;
                for (start, sector) in moved.range(first..).take_while(|(start, _)| u64::from(**start) < end) {
                    let (start, stop) = (u64::from(*start), u64::from(*start) + u64::from(*packet));
                    if stop <= at {
                        continue;
                    }
                    places.extend(self.direct(partition, at, start));
                    let at_packet = at.max(start);
                    let place = self.origin + u64::from(*sector) + (at_packet - start);
                    places.push(place * SECTOR..(place + stop.min(end).saturating_sub(at_packet)) * SECTOR);
                    at = stop.min(end);
                }
                places.extend(self.direct(partition, at, end));
                shorten(places, length)
            }
            Meaning::Metadata { partition, extents } => {
                let (mut skip, mut left, mut places) = (u64::from(block), length.div_ceil(SECTOR), Vec::new());
                for extent in extents {
                    let blocks = u64::from(extent.length).div_ceil(SECTOR);
                    if skip < blocks && left > 0 {
                        let count = left.min(blocks - skip);
                        let start = u64::from(extent.block) + skip;
                        places.extend(self.direct(partition, start, start + count).filter(|_| extent.is_recorded));
                        left -= count;
                        skip = 0;
                    } else {
                        skip = skip.saturating_sub(blocks);
                    }
                }
                shorten(places, length)
            }
            Meaning::Virtual { partition, table } => {
                let blocks = table.iter().skip(usize::try_from(block).unwrap_or(usize::MAX));
                let blocks = blocks.take(size(length.div_ceil(SECTOR)));
                let places = blocks.map_while(|block| self.direct(partition, u64::from(*block), u64::from(*block) + 1));
                shorten(places.collect(), length)
            }
        }
    }

    /// Blocks of a partition, cut at its end; `None` for none.
    fn direct(&self, partition: &Partition, from: u64, to: u64) -> Option<Range<u64>> {
        let to = to.min(u64::from(partition.length));
        let start = self.origin.checked_add(u64::from(partition.start))?;
        (from < to).then(|| (start + from) * SECTOR..(start + to) * SECTOR)
    }

    /// Reads the first of the tables of moved packets that can be read.
    fn moved(&mut self, disc: &mut Bounded<'_>, tables: &[u32], table_size: u32) -> BTreeMap<u32, u32> {
        let mut moved = BTreeMap::new();
        let length = size(u64::from(table_size)).clamp(SECTOR as usize, 1 << 16);
        for table in tables {
            let start = (self.origin + u64::from(*table)) * SECTOR;
            self.tables.push(start..start + length as u64);
            let found = if moved.is_empty() { disc.bytes(start, length) } else { None };
            let Some(found) = found.filter(|found| field(found, 17, 18) == b"*UDF Sparing Table") else { continue };
            let count = usize::from(le16(&found, 48)).min(MAX_SPARED);
            // Packets that are free (ffffffff) or defective (fffffff0) lead nowhere.
            let entries = field(&found, 56, count * 8).chunks_exact(8).map(|entry| (le32(entry, 0), le32(entry, 4)));
            moved = entries.filter(|(original, _)| *original < 0xffff_fff0).collect();
        }
        moved
    }

    /// The metadata file, or its mirror if that cannot be read.
    fn metadata(&mut self, disc: &mut Bounded<'_>, partition: Partition, files: [u32; 2]) -> Option<Meaning> {
        let mut found = None;
        for file in files {
            let place = self.direct(&partition, u64::from(file), u64::from(file) + 1);
            let Some(lba) = place.map(|place| place.start / SECTOR) else { continue };
            let Some(entry) = disc.sector(lba).and_then(|sector| Entry::parse(&sector, 0)) else { continue };
            let Located::Extents(extents) = entry.data else { continue };
            self.tables.push(lba * SECTOR..(lba + 1) * SECTOR);
            for extent in extents.iter().filter(|extent| extent.is_recorded) {
                let end = u64::from(extent.block) + u64::from(extent.length).div_ceil(SECTOR);
                self.tables.extend(self.direct(&partition, u64::from(extent.block), end));
            }
            found = found.or(Some(Meaning::Metadata { partition, extents }));
        }
        found
    }

    /// The virtual allocation table: a file whose entry is the last sector that was written.
    fn virtual_table(
        &mut self,
        disc: &mut Bounded<'_>,
        map: usize,
        partition: Partition,
        sectors: Option<u64>,
    ) -> Option<Meaning> {
        let last = sectors?.checked_sub(1)?;
        for lba in (last.saturating_sub(VAT_SEARCH)..=last).rev() {
            let Some(sector) = disc.sector(lba).filter(|sector| matches!(tag(sector), Some(261 | 266))) else { continue };
            // Its own blocks are counted in the partition itself.
            let number = u16::try_from(map).ok()?;
            self.maps[map] = Some(Meaning::Physical { partition, packet: 1, moved: BTreeMap::new() });
            let Some(entry) = Entry::parse(&sector, number) else { continue };
            let is_table = matches!(byte(&sector, 27), 0 | 248);
            let (bytes, is_whole) = content(disc, self, &entry, &sector, MAX_VAT);
            let Some(table) = virtual_entries(&bytes).filter(|_| is_table && is_whole) else { continue };
            self.tables.push(lba * SECTOR..(lba + 1) * SECTOR);
            self.tables.extend(entry.places(self, lba));
            self.end_of_virtual = Some(lba + 1);
            return Some(Meaning::Virtual { partition, table });
        }
        None
    }
}

/// Entries of a virtual allocation table: between a header (UDF 2.00) or before a trailer (UDF 1.50) and the end.
fn virtual_entries(bytes: &[u8]) -> Option<Vec<u32>> {
    let trailer = bytes.len().checked_sub(36);
    let is_old = trailer.is_some_and(|at| field(bytes, at + 1, 22) == b"*UDF Virtual Alloc Tbl");
    let entries = match trailer {
        Some(trailer) if is_old => bytes.get(..trailer)?,
        _ => bytes.get(usize::from(le16(bytes, 0)).max(152)..)?,
    };
    Some(entries.chunks_exact(4).map(|entry| le32(entry, 0)).collect())
}

/// The first `length` bytes.
fn shorten(mut places: Vec<Range<u64>>, length: u64) -> Vec<Range<u64>> {
    crate::filesystems::listing::cut(&mut places, length);
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition() -> Partition {
        Partition { sequence: 0, number: 0, start: 100, length: 1000, bitmap: (0, 0) }
    }

    fn space(meaning: Meaning) -> Space {
        Space { maps: vec![Some(meaning)], ..Space::default() }
    }

    fn sectors(space: &Space, block: u32, length: u64) -> Vec<Range<u64>> {
        space.places(0, block, length).into_iter().map(|place| place.start / SECTOR..place.end.div_ceil(SECTOR)).collect()
    }

    #[test]
    fn moved_packets_are_where_the_table_says() {
        let space =
            space(Meaning::Physical { partition: partition(), packet: 16, moved: BTreeMap::from([(32, 5000), (64, 6000)]) });
        assert_eq!(sectors(&space, 0, 16 * SECTOR), [100..116]);
        assert_eq!(sectors(&space, 20, 60 * SECTOR), [120..132, 5000..5016, 148..164, 6000..6016]);
        assert_eq!(sectors(&space, 40, 2 * SECTOR), [5008..5010]);
        assert_eq!(sectors(&space, 70, 20 * SECTOR), [6006..6016, 180..190]);
        assert_eq!(space.places(0, 40, 10), [5008 * SECTOR..5008 * SECTOR + 10]);
        assert_eq!(space.locate(0, 47), Some(5015));
    }

    #[test]
    fn nothing_is_behind_the_end_of_a_partition() {
        let space = space(Meaning::Physical { partition: partition(), packet: 1, moved: BTreeMap::new() });
        assert_eq!(sectors(&space, 998, 5 * SECTOR), [1098..1100]);
        assert_eq!((space.locate(0, 1000), space.locate(1, 0)), (None, None));
    }

    #[test]
    fn blocks_of_the_metadata_file_are_in_its_extents() {
        let extent = |block, length, is_recorded| Allocation { length, block, map: 0, is_recorded };
        let extents = vec![extent(10, 4096, true), extent(50, 2048, false), extent(90, 8192, true)];
        let space = space(Meaning::Metadata { partition: partition(), extents });
        assert_eq!(sectors(&space, 1, 4 * SECTOR), [111..112, 190..192]);
        assert_eq!(space.locate(0, 6), Some(193));
        assert_eq!(space.locate(0, 7), None);
    }

    #[test]
    fn virtual_blocks_are_where_the_table_says() {
        let space = space(Meaning::Virtual { partition: partition(), table: vec![7, 3, u32::MAX] });
        assert_eq!(sectors(&space, 0, 2 * SECTOR), [107..108, 103..104]);
        assert_eq!((space.locate(0, 2), space.locate(0, 3)), (None, None));
    }

    #[test]
    fn both_forms_of_the_virtual_table_are_read() {
        let numbers: Vec<u8> = [7_u32, 9].iter().flat_map(|number| number.to_le_bytes()).collect();
        let trailer = [&[0][..], b"*UDF Virtual Alloc Tbl", &[0; 13]].concat();
        assert_eq!(virtual_entries(&[&numbers[..], &trailer].concat()), Some(vec![7, 9]));
        let mut header = [0; 160];
        header[0] = 160;
        assert_eq!(virtual_entries(&[&header[..], &numbers].concat()), Some(vec![7, 9]));
        assert_eq!(virtual_entries(&[0; 20]), None);
    }
}
