//! How the parsers see a disc.

use crate::domain::ids::SECTOR;

/// Something with numbered sectors of 2048 bytes.
pub trait ReadSectors {
    /// The sector's bytes; `None` if it cannot be read.
    fn read_sector(&mut self, lba: u64) -> Option<Vec<u8>>;
}

impl<F: FnMut(u64) -> Option<Vec<u8>>> ReadSectors for F {
    fn read_sector(&mut self, lba: u64) -> Option<Vec<u8>> {
        self(lba)
    }
}

/// How much is read before a parser gives up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Most sectors that are asked for, those that are remembered included: it bounds the work, too.
    pub(super) reads: usize,
    /// Unreadable sectors after which nothing more is read: on a drive each may cost seconds.
    pub(super) failures: usize,
}

impl Patience {
    /// For finding out what a disc is.
    pub(super) const PROBE: Self = Self { reads: 400, failures: 8 };
    /// For listing every file, usually of an image file. A UDF disc has a sector per file, Rock Ridge may have one: this is for as
    /// many files as are kept.
    pub(super) const LIST: Self = Self { reads: 1_000_000, failures: 20_000 };
}

/// A reader with an end to its patience. Remembers the last sector.
pub(super) struct Bounded<'a> {
    disc: &'a mut dyn ReadSectors,
    left: Patience,
    last: Option<(u64, Vec<u8>)>,
}

impl<'a> Bounded<'a> {
    /// Full patience.
    pub(super) fn new(disc: &'a mut dyn ReadSectors, patience: Patience) -> Self {
        Self { disc, left: patience, last: None }
    }

    /// Whether nothing more will be read.
    pub(super) fn is_exhausted(&self) -> bool {
        self.left.reads == 0 || self.left.failures == 0
    }

    /// One whole sector.
    pub(super) fn sector(&mut self, lba: u64) -> Option<Vec<u8>> {
        if self.is_exhausted() {
            return None;
        }
        self.left.reads -= 1;
        if let Some((_, bytes)) = self.last.as_ref().filter(|(known, _)| *known == lba) {
            return Some(bytes.clone());
        }
        let sector = self.disc.read_sector(lba).filter(|bytes| bytes.len() as u64 == SECTOR);
        match &sector {
            Some(bytes) => self.last = Some((lba, bytes.clone())),
            None => self.left.failures -= 1,
        }
        sector
    }

    /// `count` sectors from `lba` on, as far as they can be read without a gap.
    pub(super) fn run(&mut self, lba: u64, count: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        for index in 0..count {
            match lba.checked_add(index).and_then(|lba| self.sector(lba)) {
                Some(sector) => bytes.extend(sector),
                None => break,
            }
        }
        bytes
    }

    /// `length` bytes (at most 64 KiB) from the byte `start` on; nothing if one of their sectors cannot be read.
    pub(super) fn bytes(&mut self, start: u64, length: usize) -> Option<Vec<u8>> {
        let end = start.checked_add(length.min(1 << 16) as u64)?;
        let mut bytes = Vec::new();
        for lba in start / SECTOR..end.div_ceil(SECTOR) {
            let sector = self.sector(lba)?;
            let from = start.saturating_sub(lba * SECTOR);
            let to = (end - lba * SECTOR).min(SECTOR);
            bytes.extend_from_slice(sector.get(from as usize..to as usize)?);
        }
        Some(bytes)
    }
}
