//! Headers: the master directory block of HFS (Inside Macintosh: Files, chapter 2) and the volume header of HFS+ (Apple's technical
//! note 1150), both 1024 bytes after the start of the volume.

use super::partitions::candidates;
use crate::filesystems::{
    bytes::{be16, be32, be64, byte, field},
    reader::Bounded,
};
use std::ops::Range;

/// Where the header is in a volume.
const HEADER: u64 = 1024;

/// A volume.
#[derive(Debug, Clone)]
pub(super) struct Volume {
    /// HFS+ or HFSX, otherwise HFS.
    pub(super) is_plus: bool,
    /// Label by the header; HFS+ has it in the catalogue only.
    pub(super) label: Vec<u8>,
    /// Bytes on the disc.
    pub(super) bytes: Range<u64>,
    /// First byte of the first allocation block.
    first: u64,
    /// Bytes of an allocation block.
    pub(super) block: u64,
    pub(super) catalog: Fork,
    pub(super) overflow: Fork,
    /// Headers and bitmaps, as bytes on the disc.
    pub(super) tables: Vec<Range<u64>>,
}

/// A file's data: size and the first extents, in allocation blocks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fork {
    pub(super) size: u64,
    pub(super) extents: Vec<Extent>,
}

/// First allocation block and number of blocks.
pub(super) type Extent = (u32, u32);

impl Fork {
    /// A fork of HFS+, 80 bytes.
    pub(super) fn plus(bytes: &[u8], at: usize) -> Self {
        Self { size: be64(bytes, at), extents: plus_extents(bytes, at.saturating_add(16)) }
    }

    /// A fork of HFS, whose size and extents are in different places.
    pub(super) fn plain(bytes: &[u8], size: usize, extents: usize) -> Self {
        Self { size: u64::from(be32(bytes, size)), extents: plain_extents(bytes, extents) }
    }

    /// Allocation blocks of the extents that are known.
    pub(super) fn blocks(&self) -> u64 {
        self.extents.iter().map(|(_, count)| u64::from(*count)).sum()
    }
}

/// The eight extents of an extent record of HFS+.
pub(super) fn plus_extents(bytes: &[u8], at: usize) -> Vec<Extent> {
    let extents = field(bytes, at, 64).chunks_exact(8).map(|extent| (be32(extent, 0), be32(extent, 4)));
    extents.take_while(|(_, count)| *count > 0).collect()
}

/// The three extents of an extent record of HFS.
pub(super) fn plain_extents(bytes: &[u8], at: usize) -> Vec<Extent> {
    let extents = field(bytes, at, 12).chunks_exact(4).map(|extent| (u32::from(be16(extent, 0)), u32::from(be16(extent, 2))));
    extents.take_while(|(_, count)| *count > 0).collect()
}

impl Volume {
    /// The first volume on a disc; of a wrapped one that which is inside.
    pub(super) fn find(disc: &mut Bounded<'_>) -> Option<Self> {
        candidates(disc).into_iter().find_map(|start| Self::read(disc, start))
    }

    fn read(disc: &mut Bounded<'_>, start: u64) -> Option<Self> {
        let header = disc.bytes(start.checked_add(HEADER)?, 512)?;
        match field(&header, 0, 2) {
            b"H+" | b"HX" => Self::plus(&header, start),
            b"BD" => {
                let wrapper = Self::plain(&header, start)?;
                // Embedded HFS+ (technical note 1150, "HFS wrapper").
                if matches!(field(&header, 124, 2), b"H+" | b"HX") {
                    let inside = wrapper.place((u32::from(be16(&header, 126)), 1))?.start;
                    let header = disc.bytes(inside.checked_add(HEADER)?, 512)?;
                    let volume = matches!(field(&header, 0, 2), b"H+" | b"HX").then(|| Self::plus(&header, inside)).flatten();
                    return volume.map(|volume| Self { bytes: wrapper.bytes, ..volume });
                }
                Some(wrapper)
            }
            _ => None,
        }
    }

    fn plus(header: &[u8], start: u64) -> Option<Self> {
        let block = u64::from(be32(header, 40));
        if !block.is_power_of_two() || !(512..=1 << 26).contains(&block) {
            return None;
        }
        let end = start.checked_add(u64::from(be32(header, 44)) * block)?;
        let mut volume = Self {
            is_plus: true,
            label: Vec::new(),
            bytes: start..end,
            first: start,
            block,
            catalog: Fork::plus(header, 272),
            overflow: Fork::plus(header, 192),
            tables: vec![start + HEADER..start + HEADER + 512],
        };
        // Allocation, attributes and start-up files. The second header is 1024 bytes before the end.
        for at in [112, 352, 432] {
            let places: Vec<_> = Fork::plus(header, at).extents.into_iter().filter_map(|extent| volume.place(extent)).collect();
            volume.tables.extend(places);
        }
        volume.tables.push(end.saturating_sub(HEADER)..end.saturating_sub(HEADER - 512));
        Some(volume)
    }

    fn plain(header: &[u8], start: u64) -> Option<Self> {
        let block = u64::from(be32(header, 20));
        if block == 0 || !block.is_multiple_of(512) {
            return None;
        }
        let first = start.checked_add(u64::from(be16(header, 28)) * 512)?;
        let last = first.checked_add(u64::from(be16(header, 18)) * block)?;
        let bitmap = start.checked_add(u64::from(be16(header, 14)) * 512)?;
        // Two blocks of 512 bytes follow, the first of them a copy of the header.
        let end = last.checked_add(1024)?;
        Some(Self {
            is_plus: false,
            label: field(header, 37, usize::from(byte(header, 36)).min(27)).to_vec(),
            bytes: start..end,
            first,
            block,
            catalog: Fork::plain(header, 146, 150),
            overflow: Fork::plain(header, 130, 134),
            tables: vec![start + HEADER..start + HEADER + 512, bitmap..first.max(bitmap), last..last + 512],
        })
    }

    /// Bytes on the disc of an extent.
    pub(super) fn place(&self, (block, count): Extent) -> Option<Range<u64>> {
        let start = self.first.checked_add(u64::from(block).checked_mul(self.block)?)?;
        Some(start..start.checked_add(u64::from(count).checked_mul(self.block)?)?)
    }
}
