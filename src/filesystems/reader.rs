//! How the parsers see a disc.

use crate::domain::ids::SECTOR;

/// Most sectors read while looking for file systems.
const MAX_READS: usize = 400;
/// Unreadable sectors after which the search ends: each may have cost seconds.
const MAX_FAILURES: usize = 8;

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

/// A reader with an end to its patience.
pub(super) struct Bounded<'a> {
    disc: &'a mut dyn ReadSectors,
    reads: usize,
    failures: usize,
}

impl<'a> Bounded<'a> {
    /// Full patience.
    pub(super) fn new(disc: &'a mut dyn ReadSectors) -> Self {
        Self { disc, reads: MAX_READS, failures: MAX_FAILURES }
    }

    /// One whole sector.
    pub(super) fn sector(&mut self, lba: u64) -> Option<Vec<u8>> {
        if self.failures == 0 {
            return None;
        }
        self.reads = self.reads.checked_sub(1)?;
        let sector = self.disc.read_sector(lba).filter(|bytes| bytes.len() as u64 == SECTOR);
        if sector.is_none() {
            self.failures -= 1;
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
}
