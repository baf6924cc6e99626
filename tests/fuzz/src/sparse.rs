//! Discs in few bytes: only the sectors that matter.
//!
//! `size: u32, session: u32`, then per sector `number: u32` and 2048 bytes; little-endian. The last sector may be cut off and is filled up
//! with zeros. Sectors that are not there are zeros; beyond `size` (at most 16 million) nothing can be read.

use std::collections::BTreeMap;

const RECORD: usize = 4 + 2048;

/// A disc.
pub struct Sparse<'a> {
    /// Sectors of the disc.
    pub sectors: u64,
    /// Where its last session begins.
    pub session: u64,
    known: BTreeMap<u64, &'a [u8]>,
}

fn number(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 4).map_or(0, |field| field.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

impl<'a> Sparse<'a> {
    /// Reads it.
    pub fn new(data: &'a [u8]) -> Self {
        let records = data.get(8..).unwrap_or_default().chunks(RECORD).filter(|record| record.len() > 4);
        let known = records.map(|record| (number(record, 0), &record[4..])).collect();
        Self { sectors: number(data, 0) & 0xff_ffff, session: number(data, 4) & 0xff_ffff, known }
    }

    /// A sector of it.
    pub fn sector(&self, lba: u64) -> Option<Vec<u8>> {
        let mut bytes = self.known.get(&lba).copied().unwrap_or_default().to_vec();
        bytes.resize(2048, 0);
        (lba < self.sectors).then_some(bytes)
    }

    /// A disc of these sectors as bytes.
    pub fn write(sectors: u64, session: u64, known: &BTreeMap<u64, Vec<u8>>) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend((sectors as u32).to_le_bytes());
        bytes.extend((session as u32).to_le_bytes());
        for (lba, content) in known.iter().filter(|(_, content)| content.iter().any(|byte| *byte != 0)) {
            bytes.extend((*lba as u32).to_le_bytes());
            bytes.extend(content);
        }
        bytes
    }
}
