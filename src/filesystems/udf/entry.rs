//! File entries (ECMA-167 4/14.9), extended file entries (4/14.17), and where the data of files is.

use super::{
    descriptors::{LongAd, tag},
    space::Space,
};
use crate::{
    domain::ids::SECTOR,
    filesystems::{
        bytes::{byte, field, le16, le32, le64, size},
        listing::{MAX_EXTENTS, cut},
        reader::Bounded,
    },
};
use std::ops::Range;

/// Most times that a list of extents goes on elsewhere; each time it has room for at least a hundred.
const MAX_CONTINUATIONS: usize = 1000;

/// An extent of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allocation {
    /// Bytes.
    pub(super) length: u32,
    pub(super) block: u32,
    pub(super) map: u16,
    /// Otherwise a hole: it reads as zeros, whatever is there.
    pub(super) is_recorded: bool,
}

/// Where the data of a file is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Located {
    /// In the sector of the entry itself, these bytes of it.
    Inline(Range<usize>),
    Extents(Vec<Allocation>),
}

/// A file or folder.
#[derive(Debug)]
pub(super) struct Entry {
    /// Bytes of data.
    pub(super) length: u64,
    pub(super) data: Located,
    /// Where the list of extents goes on.
    next: Option<Allocation>,
    is_short: bool,
    map: u16,
    /// Sectors with the rest of the list.
    pub(super) continuations: Vec<u64>,
}

impl Entry {
    /// Reads the sector of an entry that was found by way of the partition reference `map`.
    pub(super) fn parse(sector: &[u8], map: u16) -> Option<Self> {
        let (attributes, start) = match tag(sector)? {
            261 => (le32(sector, 168), 176),
            266 => (le32(sector, 208), 216),
            _ => return None,
        };
        let start = size(u64::from(attributes)).checked_add(start)?;
        let list_size = if tag(sector) == Some(261) { le32(sector, 172) } else { le32(sector, 212) };
        let list = field(sector, start, size(u64::from(list_size)));
        let length = le64(sector, 56);
        let kind = le16(sector, 34) & 7;
        let mut entry = Self {
            length,
            data: Located::Inline(start..start + size(length).min(list.len())),
            next: None,
            is_short: kind == 0,
            map,
            continuations: Vec::new(),
        };
        match kind {
            0 | 1 => {
                entry.data = Located::Extents(Vec::new());
                entry.allocations(list);
                Some(entry)
            }
            3 => Some(entry),
            _ => None,
        }
    }

    /// Reads the sector of an entry and the rest of its list of extents; the result says whether that is whole.
    pub(super) fn read(disc: &mut Bounded<'_>, space: &Space, lba: u64, map: u16) -> Option<(Self, bool)> {
        let mut entry = Self::parse(&disc.sector(lba)?, map)?;
        while let Some(next) = entry.next.take() {
            let Some(lba) = space.locate(next.map, next.block) else { return Some((entry, false)) };
            if entry.continuations.len() >= MAX_CONTINUATIONS || entry.continuations.contains(&lba) {
                return Some((entry, false));
            }
            entry.continuations.push(lba);
            let Some(sector) = disc.sector(lba).filter(|sector| tag(sector) == Some(258)) else {
                return Some((entry, false));
            };
            let list = field(&sector, 24, size(u64::from(le32(&sector, 20))));
            entry.allocations(list);
        }
        Some((entry, true))
    }

    /// Appends a list of extents; its last one may say where it goes on.
    fn allocations(&mut self, list: &[u8]) {
        let Located::Extents(extents) = &mut self.data else { return };
        for ad in list.chunks_exact(if self.is_short { 8 } else { 16 }) {
            let long = LongAd::parse(ad, 0);
            let map = if self.is_short { self.map } else { long.map };
            let kind = byte(ad, 3) >> 6;
            let extent = Allocation { length: long.length, block: long.block, map, is_recorded: kind == 0 };
            if kind == 3 {
                self.next = Some(extent);
                return;
            }
            if extent.length == 0 || extents.len() >= MAX_EXTENTS {
                return;
            }
            extents.push(extent);
        }
    }

    /// Bytes on the disc of the data, in order; `lba` is the entry's own sector.
    pub(super) fn places(&self, space: &Space, lba: u64) -> Vec<Range<u64>> {
        match &self.data {
            Located::Inline(range) => vec![lba * SECTOR + range.start as u64..lba * SECTOR + range.end as u64],
            Located::Extents(extents) => {
                let (mut places, mut left) = (Vec::new(), self.length);
                for extent in extents {
                    let length = u64::from(extent.length).min(left);
                    left -= length;
                    if extent.is_recorded && places.len() < MAX_EXTENTS {
                        places.extend(space.places(extent.map, extent.block, length));
                    }
                }
                places
            }
        }
    }
}

/// The data of a folder or table, at most `most` bytes; with zeros where it cannot be read. The result says whether that is all of it.
pub(super) fn content(disc: &mut Bounded<'_>, space: &Space, entry: &Entry, sector: &[u8], most: usize) -> (Vec<u8>, bool) {
    let extents = match &entry.data {
        Located::Inline(range) => return (sector.get(range.clone()).unwrap_or_default().to_vec(), true),
        Located::Extents(extents) => extents,
    };
    let wanted = size(entry.length).min(most);
    let (mut bytes, mut is_whole) = (Vec::new(), true);
    for extent in extents {
        if disc.is_exhausted() || bytes.len() >= wanted {
            break;
        }
        let mut places = space.places(extent.map, extent.block, u64::from(extent.length));
        cut(&mut places, (wanted - bytes.len()) as u64);
        for lba in places.into_iter().flat_map(|place| place.start / SECTOR..place.end.div_ceil(SECTOR)) {
            if disc.is_exhausted() || bytes.len() >= wanted {
                break;
            }
            let sector = disc.sector(lba);
            is_whole &= sector.is_some();
            bytes.extend(sector.unwrap_or_else(|| vec![0; SECTOR as usize]));
        }
        bytes.truncate(wanted);
    }
    is_whole &= bytes.len() as u64 == entry.length;
    (bytes, is_whole)
}
