//! Discs for virtual drives: random bytes with an ISO 9660 descriptor, so that they have a label and a size to check.

use std::path::{Path, PathBuf};

/// Size of a sector in bytes.
pub const SECTOR: usize = 2048;

/// The bytes of a disc: the same for the same arguments, different for another seed.
pub fn bytes(label: &str, sectors: usize, seed: u64) -> Vec<u8> {
    assert!(sectors > 20 && label.len() <= 32);
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut bytes = Vec::with_capacity(sectors * SECTOR);
    while bytes.len() < sectors * SECTOR {
        // xorshift64: fast, and nothing that a file system or a disk could compress.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes[..16 * SECTOR].fill(0);
    let descriptor = &mut bytes[16 * SECTOR..17 * SECTOR];
    descriptor.fill(0);
    descriptor[..7].copy_from_slice(b"\x01CD001\x01");
    descriptor[40..72].fill(b' ');
    descriptor[40..40 + label.len()].copy_from_slice(label.as_bytes());
    let size = u32::try_from(sectors).expect("small");
    descriptor[80..84].copy_from_slice(&size.to_le_bytes());
    descriptor[84..88].copy_from_slice(&size.to_be_bytes());
    descriptor[128..132].copy_from_slice(&[0, 8, 8, 0]);
    let terminator = &mut bytes[17 * SECTOR..18 * SECTOR];
    terminator.fill(0);
    terminator[..7].copy_from_slice(b"\xffCD001\x01");
    bytes
}

/// A disc as a file in `folder`.
pub fn file(folder: &Path, label: &str, sectors: usize, seed: u64) -> PathBuf {
    let path = folder.join(format!("{label}-{seed}.img"));
    std::fs::write(&path, bytes(label, sectors, seed)).expect("disc written");
    path
}
